//! Which language a message is in.

use clap::ValueEnum;
use std::ffi::OsString;

/// Chinese or English; codes and field names are the same in both.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

impl Language {
    /// From `--lang`, else from the value of `LANG` (`zh_CN.UTF-8`).
    pub fn choose(asked: Option<Self>, environment: Option<&str>) -> Self {
        let chinese = || environment.unwrap_or_default().to_ascii_lowercase().starts_with("zh");
        asked.unwrap_or_else(|| if chinese() { Self::Zh } else { Self::En })
    }

    /// What `--lang` says among these arguments, before they are parsed: help and complaints about them need it too.
    pub fn asked(arguments: &[OsString]) -> Option<Self> {
        let words: Vec<_> = arguments.iter().map_while(|a| a.to_str().filter(|a| *a != "--")).collect();
        let after = |at: usize| words.get(at + 1).copied();
        let named = words.iter().enumerate().filter_map(|(at, word)| match *word {
            "--lang" => after(at),
            word => word.strip_prefix("--lang="),
        });
        named.filter_map(|word| Self::from_str(word, true).ok()).next_back()
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
        for (arguments, environment, expect) in [
            (&["search", "--lang", "en"][..], Some("zh_CN.UTF-8"), Language::En),
            (&["search", "--lang=EN"], Some("zh_CN.UTF-8"), Language::En),
            (&["search"], Some("zh_CN.UTF-8"), Language::Zh),
            (&["--lang", "ZH", "search"], None, Language::Zh),
            (&["--lang", "fr"], Some("zh_TW"), Language::Zh),
            (&["parse", "--", "--lang", "zh"], Some("C"), Language::En),
            (&[], None, Language::En),
        ] {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(Language::choose(Language::asked(&arguments), environment), expect, "{arguments:?}");
        }
    }
}
