//! Times as containers write them, in nanoseconds since the epoch.

use mail_parser::DateTime;

const NANOSECONDS: i64 = 1_000_000_000;

/// Between the epochs of Windows (1601) and of Unix, in units of 100 ns.
const WINDOWS_EPOCH: i128 = 116_444_736_000_000_000;

/// From seconds; a time before or at the epoch is none that anybody set.
pub(super) fn of_seconds(seconds: i64) -> Option<i64> {
    seconds.checked_mul(NANOSECONDS).filter(|time| *time > 0)
}

/// From the units of 100 ns of Windows.
pub(super) fn of_windows(units: u64) -> Option<i64> {
    let nanoseconds = (i128::from(units) - WINDOWS_EPOCH) * 100;
    i64::try_from(nanoseconds).ok().filter(|time| *time > 0)
}

/// From the clock of DOS, which knows no time zone and is taken for UTC.
pub(super) fn of_dos(time: zip::DateTime) -> Option<i64> {
    let time = DateTime {
        year: time.year(),
        month: time.month(),
        day: time.day(),
        hour: time.hour(),
        minute: time.minute(),
        second: time.second(),
        tz_before_gmt: false,
        tz_hour: 0,
        tz_minute: 0,
    };
    of_seconds(time.to_timestamp()).filter(|_| time.is_valid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_clocks_tell_the_same_time() {
        let expected = Some(1_700_000_000_000_000_000);
        assert_eq!(of_seconds(1_700_000_000), expected);
        assert_eq!(of_windows(133_444_736_000_000_000), expected);
        let dos = zip::DateTime::from_date_and_time(2023, 11, 14, 22, 13, 20).unwrap();
        assert_eq!(of_dos(dos), expected);
        assert_eq!((of_seconds(0), of_windows(0)), (None, None));
    }
}
