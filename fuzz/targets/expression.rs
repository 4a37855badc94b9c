#![no_main]
//! A comparison as anybody may write it. Every error names a place of the text; what is read can be evaluated.

use std::collections::BTreeMap;

use larder_core::expression::{Expression, NameTable, Value, ValueType};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let names =
        NameTable::new([("total", ValueType::Number), ("currency", ValueType::String), ("urgent", ValueType::Boolean)]);
    let errors = match Expression::parse(text) {
        Ok(expression) => {
            let values = BTreeMap::from([("urgent".to_owned(), Value::Boolean(true))]);
            let _ = expression.evaluate(&values);
            for path in expression.paths() {
                assert_eq!(path.to_string().parse().as_ref(), Ok(path));
            }
            expression.check(&names)
        }
        Err(errors) => errors,
    };
    for error in errors {
        assert!(text.get(error.span.clone()).is_some(), "{error:?}");
    }
});
