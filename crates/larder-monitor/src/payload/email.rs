//! A message of mail.

use crate::alert::Alert;

/// Returns the subject, which is one line.
pub fn subject(alert: &Alert) -> String {
    let subject = format!("[{}] {} ({}): {}", alert.level, alert.project, alert.environment, alert.component);
    let words: Vec<&str> =
        subject.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Returns the text.
pub fn text(alert: &Alert) -> String {
    let Alert { message, level, category, component, project, environment, rule, time, .. } = alert;
    format!(
        "{message}\n\nLevel:       {level}\nCategory:    {category}\nComponent:   {component}\nProject:     {project}\n\
         Environment: {environment}\nRule:        {rule}\nTime:        {time}\n"
    )
}
