//! Expressions as they are written, and what they say.

use std::collections::BTreeMap;

use super::{Expression, Lookup, NameTable, Path, Scope, Value, ValueType};

fn names() -> NameTable {
    NameTable::new([
        ("total", ValueType::Number),
        ("limit", ValueType::Number),
        ("currency", ValueType::String),
        ("urgent", ValueType::Boolean),
        ("note", ValueType::Any),
        ("o:Head/@kind", ValueType::String),
    ])
}

fn values() -> BTreeMap<String, Value> {
    let text = |text: &str| Value::String(text.into());
    BTreeMap::from([
        ("total".to_owned(), Value::Number("10000.50".parse().unwrap())),
        ("currency".to_owned(), text("EUR")),
        ("urgent".to_owned(), Value::Boolean(true)),
        ("o:Head/@kind".to_owned(), text("it's")),
    ])
}

/// Returns whether an expression without errors holds.
fn holds(text: &str) -> bool {
    let expression = Expression::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    assert_eq!(expression.check(&names()), [], "{text}");
    expression.evaluate(&values())
}

/// Returns the errors, each with the text that it is about.
fn errors(text: &str) -> String {
    let errors = match Expression::parse(text) {
        Ok(expression) => expression.check(&names()),
        Err(errors) => errors,
    };
    let shown = errors.iter().map(|error| {
        let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("`{}`: {error}{help}", &text[error.span.clone()])
    });
    shown.collect::<Vec<_>>().join("; ")
}

#[test]
fn what_depends_on_no_value_is_known_before() {
    let constant =
        |text: &str| Expression::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}")).constant();
    for text in ["true", "1 == 1", "not false", "a > 1 or true", "'a' < 'b' and 2 >= 2", "1 in [2, 1]"] {
        assert_eq!(constant(text), Some(true), "{text}");
    }
    for text in ["false", "1 == 2", "true and 'a' == 'b'", "a > 1 and false", "not (1 == 1)", "1 in [2]"] {
        assert_eq!(constant(text), Some(false), "{text}");
    }
    for text in ["a", "a == 1", "a == 1 or a != 1", "exists a", "true and a > 1", "a in [1]", "not a"] {
        assert_eq!(constant(text), None, "{text}");
    }
}

#[test]
fn comparisons_hold_as_specified() {
    for (text, expect) in [
        ("total > 10000 and currency == 'EUR'", true),
        ("total > 10000.50", false),
        ("total >= 10000.5", true),
        ("total == 1.00005e4", true),
        ("total != 10000.50", false),
        ("-5 < total", true),
        ("currency < 'F'", true),
        ("currency in ['USD', \"EUR\"]", true),
        ("not currency in ['USD']", true),
        ("currency in ['eur']", false),
        ("urgent", true),
        ("not urgent", false),
        ("urgent == true and urgent != false", true),
        ("true or urgent and false", true),
        ("(true or urgent) and false", false),
        ("not false and false", false),
        ("not (false and false)", true),
        ("exists total and not exists limit", true),
        ("limit == 1", false),
        ("limit != 1", false),
        ("not limit == 1", true),
        ("note == 1 or note == 'x' or note", false),
        ("o:Head/@kind == \"it's\"", true),
        ("1 < 2", true),
        ("false", false),
    ] {
        assert_eq!(holds(text), expect, "{text}");
    }
}

#[test]
fn errors_name_the_place_and_the_way_out() {
    for (text, expect) in [
        ("", "``: the expression ends too early"),
        ("totl > 1", "`totl`: there is no `totl` (did you mean `total`?)"),
        ("exists curency", "`curency`: there is no `curency` (did you mean `currency`?)"),
        ("total > '1'", "`'1'`: a number is compared with a string (numbers are written without quotes)"),
        ("currency == 10", "`10`: a string is compared with a number (strings are written in quotes: '10')"),
        ("currency in ['EUR', 1]", "`1`: a string is compared with a number (strings are written in quotes: '10')"),
        ("urgent < true", "`urgent < true`: `<` does not order Booleans"),
        ("total", "`total`: this is a number, not a Boolean (compare it, or ask `exists`)"),
        ("total = 1", "`=`: there is no `=` (write `==`)"),
        ("urgent && !urgent", "`&&`: there is no `&&` (write `and`); `!`: there is no `!` (write `not`)"),
        ("1 < total < 5", "`<`: a comparison has two sides (join comparisons with `and`: a < b and b < c)"),
        ("urgent urgent", "`urgent`: `and` or `or` is missing before this"),
        ("(urgent", "`(`: `(` is not closed"),
        ("urgent)", "`)`: `)` without `(`"),
        ("currency in 'EUR'", "`'EUR'`: `in` asks for a list (write it like ['EUR', 'USD'])"),
        ("currency in [EUR]", "`EUR`: a list has literals only (strings are written in quotes: 'EUR')"),
        ("currency in []", "`]`: a path or a literal is missing before this"),
        ("currency in ['a' 'b']", "`'b'`: `,` or `]` is missing"),
        ("currency not in ['a']", "`not`: `not` comes first (write `not a in [..]`)"),
        ("exists 1", "`1`: `exists` asks for a path"),
        ("currency == 'EUR", "`'EUR`: the string is not closed"),
        ("total > 1 +", "`+`: `+` means nothing here"),
        ("a//b == 1", "`a//`: a step has no name"),
        (
            "total == 1x",
            "`1x`: `1x`: it is not a decimal number (numbers are written 10, -2.5 or 1e6; a name that begins with a digit, in backticks)",
        ),
    ] {
        assert_eq!(errors(text), expect, "{text}");
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    assert_eq!(
        errors("totl > 1 and urgent < true or exists nte"),
        "`totl`: there is no `totl` (did you mean `total`?); `urgent < true`: `<` does not order Booleans; `nte`: there \
         is no `nte` (did you mean `note`?)"
    );
}

#[test]
fn lists_and_structures_can_only_be_asked_for() {
    struct Shapes;
    impl Scope for Shapes {
        fn lookup(&self, path: &Path) -> Lookup {
            match path.to_string().as_str() {
                "lines" => Lookup::List,
                "head" => Lookup::Structure,
                _ => Lookup::Unknown { step: path.steps.len() - 1, nearest: None },
            }
        }
    }
    let check = |text: &str| {
        let errors = Expression::parse(text).unwrap().check(&Shapes);
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(check("lines == 1"), "`lines` leads to a list, and lists are not compared");
    assert_eq!(check("head in ['a']"), "`head` has parts, and only single values are compared");
    assert_eq!(check("exists lines and exists head"), "");
    assert_eq!(check("head/x == 1"), "there is no `x` below `head`");
}

#[test]
fn size_and_depth_are_bounded() {
    assert!(errors(&"not ".repeat(2000)).contains("`: the expression is longer than"));
    let nested = |levels: usize| format!("{}urgent{}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(errors(&nested(32)), "");
    assert_eq!(errors(&nested(33)), "`urgent`: nested more than 32 deep");
    assert_eq!(errors(&format!("{}urgent", "not ".repeat(900))), "`not`: nested more than 32 deep");
    let long = vec!["urgent"; 300].join(" and ");
    assert!(holds(&long));
}

#[test]
fn paths_of_an_expression_are_listed_in_order() {
    let expression = Expression::parse("a/b == c or not exists @d and e in [1] and `f g`").unwrap();
    let paths: Vec<String> = expression.paths().into_iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["a/b", "c", "@d", "e", "`f g`"]);
    assert_eq!(expression.to_string(), expression.text());
}
