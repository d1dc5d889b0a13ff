//! The functions a plan may call, each made for one question: there is no registry and no name an analyst could reach.

use crate::compute::{each_text, text_of};
use crate::holds::Holds;
use crate::line_text::LineText;
use crate::native::NativeKey;
use datafusion::arrow::array::{Array, BooleanBuilder, Float64Builder, Int64Array, StringViewBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::hash::{Hash, Hasher};
use std::ops::ControlFlow;
use std::sync::Arc;
use wardwatch_predicate::query::Is;
use wardwatch_predicate::{Number, Pattern};

/// What a function does with its one column.
#[derive(Debug)]
enum Act {
    /// Is the value this? Never null.
    Holds(Holds),
    /// Does the line contain this? Never null.
    Line(Box<LineText>),
    /// Is a native value this? Never null.
    NativeHolds(NativeKey, Holds),
    /// The first native value.
    NativeText(NativeKey),
    /// The value as text.
    Text,
    /// The number a text is, or null.
    Number,
}

/// A function with everything prepared. Two are the same if they were made for the same question.
#[derive(Debug)]
struct Function {
    question: String,
    act: Act,
    signature: Signature,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.question == other.question
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.question.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        &self.question
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.act {
            Act::Holds(_) | Act::Line(_) | Act::NativeHolds(..) => DataType::Boolean,
            Act::NativeText(_) | Act::Text => DataType::Utf8View,
            Act::Number => DataType::Float64,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let mut given = args.args.into_iter();
        let Some(value) = given.next() else {
            return datafusion::common::exec_err!("{} needs one argument", self.question);
        };
        let column = value.into_array(rows)?;
        let made = match &self.act {
            Act::Holds(holds) => booleans(&column, |text| holds.test(text))?,
            Act::Line(line) => booleans(&column, |text| line.test(text))?,
            Act::NativeHolds(key, holds) => booleans(&column, |json| native_holds(key, holds, json))?,
            Act::NativeText(key) => {
                let mut out = StringViewBuilder::with_capacity(column.len());
                each_text(&column, |json| out.append_option(json.and_then(|json| key.first(json))))?;
                Arc::new(out.finish())
            }
            Act::Text => text_of(&column)?,
            Act::Number => numbers(&column)?,
        };
        Ok(ColumnarValue::Array(made))
    }
}

fn native_holds(key: &NativeKey, holds: &Holds, json: &str) -> bool {
    let mut found = false;
    key.each(json, &mut |text| {
        found = holds.test(text);
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found
}

fn booleans(column: &Arc<dyn Array>, test: impl Fn(&str) -> bool) -> Result<Arc<dyn Array>> {
    let mut out = BooleanBuilder::with_capacity(column.len());
    each_text(column, |text| out.append_value(text.is_some_and(&test)))?;
    Ok(Arc::new(out.finish()))
}

#[expect(clippy::cast_precision_loss, reason = "sums and means of what is not whole are floats")]
fn numbers(column: &Arc<dyn Array>) -> Result<Arc<dyn Array>> {
    let mut out = Float64Builder::with_capacity(column.len());
    if let Some(whole) = column.as_any().downcast_ref::<Int64Array>() {
        whole.iter().for_each(|number| out.append_option(number.map(|number| number as f64)));
        return Ok(Arc::new(out.finish()));
    }
    let read = |text: &str| match Number::read(text)? {
        Number::Integer(integer) => Some(integer as f64),
        Number::Float(float) => Some(float),
    };
    each_text(column, |text| out.append_option(text.and_then(read)))?;
    Ok(Arc::new(out.finish()))
}

fn call(question: String, act: Act, column: Expr) -> Expr {
    let function = Function { question, act, signature: Signature::any(1, Volatility::Immutable) };
    ScalarUDF::new_from_impl(function).call(vec![column])
}

/// Whether a column's value is this.
pub(crate) fn holds(is: &Is, column: Expr) -> Expr {
    call(format!("holds {is:?}"), Act::Holds(Holds::new(is)), column)
}

/// Whether the raw line contains this.
pub(crate) fn line_contains(pattern: &Pattern, raw: Expr) -> Expr {
    call(format!("contains {pattern:?}"), Act::Line(Box::new(LineText::new(pattern))), raw)
}

/// Whether any value under this native name is this.
pub(crate) fn native_is(key: &str, is: &Is, unmapped: Expr) -> Expr {
    let act = Act::NativeHolds(NativeKey::new(key), Holds::new(is));
    call(format!("native {key:?} holds {is:?}"), act, unmapped)
}

/// The first value under this native name, as text.
pub(crate) fn native_text(key: &str, unmapped: Expr) -> Expr {
    call(format!("native {key:?}"), Act::NativeText(NativeKey::new(key)), unmapped)
}

/// A column's value as text.
pub(crate) fn as_text(column: Expr) -> Expr {
    call("text".to_owned(), Act::Text, column)
}

/// The number that a value is, null if it is none.
pub(crate) fn as_number(column: Expr) -> Expr {
    call("number".to_owned(), Act::Number, column)
}
