//! Which language a message is in.

/// Chinese or English; codes and field names are the same in both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// 中文
    Zh,
    /// English
    #[default]
    En,
}

impl Language {
    /// From `--lang`, else from the value of `LANG` (`zh_CN.UTF-8`).
    pub fn choose(asked: Option<&str>, environment: Option<&str>) -> Self {
        let word = asked.or(environment).unwrap_or_default();
        if word.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// The one of two.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asked_language_wins() {
        for (asked, environment, expect) in [
            (Some("en"), Some("zh_CN.UTF-8"), Language::En),
            (None, Some("zh_CN.UTF-8"), Language::Zh),
            (Some("ZH"), None, Language::Zh),
            (None, None, Language::En),
        ] {
            assert_eq!(Language::choose(asked, environment), expect);
        }
    }
}
