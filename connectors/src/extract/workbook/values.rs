//! The values of cells as people see them.

use calamine::{Data, DataRef, ExcelDateTime};

/// A cell's text; `format` is the code of its number format.
pub(super) fn text(value: &DataRef<'_>, format: Option<&str>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => match format {
            Some(format) if is_percent(format) => format!("{}%", number_text(number * 100.0)),
            _ => number_text(*number),
        },
        DataRef::Bool(is_true) => if *is_true { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(date) => date_text(date),
        DataRef::DateTimeIso(text) => iso_text(text),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    }
}

/// The text of a cell of an old workbook.
pub(super) fn owned_text(value: &Data) -> String {
    match value {
        Data::String(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => number_text(*number),
        Data::Bool(is_true) => text(&DataRef::Bool(*is_true), None),
        Data::DateTime(date) => date_text(date),
        Data::DateTimeIso(text) => iso_text(text),
        Data::DurationIso(text) => text.clone(),
        Data::Error(error) => error.to_string(),
        Data::Empty => String::new(),
    }
}

/// A number without the noise of its last binary digits: 15 digits, as spreadsheets show.
pub(in crate::extract) fn number_text(number: f64) -> String {
    let rounded = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    if rounded != 0.0 && !(1e-9..1e18).contains(&rounded.abs()) {
        return format!("{rounded:e}");
    }
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

fn is_percent(format: &str) -> bool {
    format.split(';').next().is_some_and(|format| format.trim_end().ends_with('%'))
}

/// An ISO date, with the time of day if there is one; a time alone where the day is zero.
fn date_text(date: &ExcelDateTime) -> String {
    let value = date.as_f64();
    if date.is_duration() {
        let seconds = (value * 86_400.0).round();
        let sign = if seconds < 0.0 { "-" } else { "" };
        let seconds = seconds.abs();
        if seconds > 1e12 {
            return number_text(value);
        }
        let (minutes, seconds) = ((seconds / 60.0).floor(), seconds % 60.0);
        let (hours, minutes) = ((minutes / 60.0).floor(), minutes % 60.0);
        return format!("{sign}{hours}:{minutes:02}:{seconds:02}");
    }
    // Beyond the calendar of spreadsheets, it is a number in the wrong format.
    if !(0.0..2_958_466.0).contains(&value) {
        return number_text(value);
    }
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let time = match (second, milli) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}"),
    };
    if value < 1.0 {
        return time;
    }
    match (hour, minute, second) {
        (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {time}"),
    }
}

/// `2024-05-01T00:00:00` is a day.
pub(in crate::extract) fn iso_text(text: &str) -> String {
    let text = text.strip_suffix("T00:00:00").unwrap_or(text);
    text.replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType;

    #[test]
    fn numbers_are_shown_as_people_see_them() {
        let shown = |number| text(&DataRef::Float(number), None);
        assert_eq!(shown(1.0 + 1e-15), "1");
        assert_eq!(shown(0.1 + 0.2), "0.3");
        assert_eq!(shown(1_234_567_890_123.0), "1234567890123");
        assert_eq!(shown(-2.5), "-2.5");
        assert_eq!(shown(1e300), "1e300");
        assert_eq!(text(&DataRef::Float(0.155), Some("0.0%")), "15.5%");
    }

    #[test]
    fn dates_are_iso_dates() {
        let shown = |value, kind| date_text(&ExcelDateTime::new(value, kind, false));
        assert_eq!(shown(45413.0, ExcelDateTimeType::DateTime), "2024-05-01");
        assert_eq!(shown(45413.75, ExcelDateTimeType::DateTime), "2024-05-01 18:00");
        assert_eq!(shown(0.5, ExcelDateTimeType::DateTime), "12:00");
        assert_eq!(shown(1.5, ExcelDateTimeType::TimeDelta), "36:00:00");
        assert_eq!(shown(1e300, ExcelDateTimeType::DateTime), "1e300");
        assert_eq!(iso_text("2024-05-01T00:00:00"), "2024-05-01");
    }
}
