//! Dates by Go's layouts, in UTC.

/// The current time in charts: the same in every run, so that results are stable.
pub(crate) const CLOCK: i64 = 1_735_689_600;
/// Go's zero time: the first of January of the year 1.
pub(crate) const YEAR_ONE: i64 = -62_135_596_800;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// The parts of a layout; longer ones before their own prefixes.
const PARTS: [&str; 29] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "002",
    "-07:00:00",
    "-07:00",
    "-0700",
    "-07",
    "Z07:00",
    "Z0700",
    "15",
    "PM",
    "pm",
    "_2",
    "1",
    "2",
    "3",
    "4",
    "5",
    "__2",
];

struct Date {
    year: i64,
    month: i64,
    day: i64,
    seconds: i64,
    weekday: usize,
}

fn date(seconds: i64) -> Date {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since the first of March of the year 0, in eras of 400 years.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    Date {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: of_year - (153 * from_march + 2) / 5 + 1,
        seconds: of_day,
        weekday: usize::try_from(days.rem_euclid(7)).unwrap_or(0),
    }
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The part that a layout begins with.
fn part(layout: &str) -> Option<&'static str> {
    PARTS.into_iter().find(|part| layout.starts_with(part))
}

/// A time in a layout.
pub(crate) fn format(seconds: i64, layout: &str) -> String {
    let date = date(seconds);
    let (hour, minute, second) = (date.seconds / 3600, date.seconds / 60 % 60, date.seconds % 60);
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month = usize::try_from(date.month - 1).ok().and_then(|nth| MONTHS.get(nth)).unwrap_or(&"");
    let weekday = DAYS.get(date.weekday).unwrap_or(&"");
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        let Some(part) = part(rest) else {
            out.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or("");
            continue;
        };
        rest = rest.get(part.len()..).unwrap_or("");
        let text = match part {
            "January" => (*month).to_owned(),
            "Jan" => month.get(..3).unwrap_or("").to_owned(),
            "Monday" => (*weekday).to_owned(),
            "Mon" => weekday.get(..3).unwrap_or("").to_owned(),
            "MST" => "UTC".to_owned(),
            "2006" => format!("{:04}", date.year),
            "06" => format!("{:02}", date.year % 100),
            "01" => format!("{:02}", date.month),
            "1" => date.month.to_string(),
            "02" => format!("{:02}", date.day),
            "_2" => format!("{:2}", date.day),
            "2" => date.day.to_string(),
            "002" => {
                format!("{:03}", days(date.year, date.month, date.day) - days(date.year, 1, 1) + 1)
            }
            "__2" => {
                format!("{:3}", days(date.year, date.month, date.day) - days(date.year, 1, 1) + 1)
            }
            "15" => format!("{hour:02}"),
            "03" => format!("{twelve:02}"),
            "3" => twelve.to_string(),
            "04" => format!("{minute:02}"),
            "4" => minute.to_string(),
            "05" => format!("{second:02}"),
            "5" => second.to_string(),
            "PM" => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            "pm" => if hour < 12 { "am" } else { "pm" }.to_owned(),
            "Z07:00" | "Z0700" => "Z".to_owned(),
            "-07:00" => "+00:00".to_owned(),
            "-0700" => "+0000".to_owned(),
            "-07" => "+00".to_owned(),
            _ => "+00:00:00".to_owned(),
        };
        out.push_str(&text);
    }
    out
}

/// The time that a text represents in a layout.
pub(crate) fn parse(layout: &str, text: &str) -> Option<i64> {
    let (mut year, mut month, mut day, mut seconds, mut is_pm) = (0, 1, 1, 0, None);
    let mut offset = 0;
    let (mut layout, mut text) = (layout, text);
    while let Some(c) = layout.chars().next() {
        let Some(part) = part(layout) else {
            text = text.strip_prefix(c)?;
            layout = layout.get(c.len_utf8()..)?;
            continue;
        };
        layout = layout.get(part.len()..)?;
        let named = |names: &[&str], length: usize| {
            let found = names.iter().position(|name| {
                let name = name.get(..length.min(name.len())).unwrap_or(name);
                text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
            })?;
            let name = names.get(found)?;
            Some((found as i64 + 1, text.get(length.min(name.len())..)?))
        };
        let number = |most: usize| {
            let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
            let (number, rest) = text.split_at(digits);
            Some((number.parse::<i64>().ok()?, rest))
        };
        match part {
            "January" => (month, text) = named(&MONTHS, 9)?,
            "Jan" => (month, text) = named(&MONTHS, 3)?,
            "Monday" => (_, text) = named(&DAYS, 9)?,
            "Mon" => (_, text) = named(&DAYS, 3)?,
            "2006" => (year, text) = number(4)?,
            "06" => {
                let (short, rest) = number(2)?;
                (year, text) = (short + if short >= 69 { 1900 } else { 2000 }, rest);
            }
            "01" | "1" => (month, text) = number(2)?,
            "02" | "2" | "_2" => {
                text = text.trim_start_matches(' ');
                let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
                day = text.get(..digits)?.parse().ok()?;
                text = text.get(digits..)?;
            }
            "15" | "03" | "3" => {
                let (hour, rest) = number(2)?;
                (seconds, text) = (seconds + hour * 3600, rest);
            }
            "04" | "4" => {
                let (minute, rest) = number(2)?;
                (seconds, text) = (seconds + minute * 60, rest);
            }
            "05" | "5" => {
                let (second, rest) = number(2)?;
                (seconds, text) = (seconds + second, rest);
                if let Some(fraction) = text.strip_prefix('.') {
                    text = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
                }
            }
            "PM" | "pm" => {
                is_pm = Some(text.get(..2)?.eq_ignore_ascii_case("pm"));
                text = text.get(2..)?;
            }
            "MST" => text = text.get(3..)?,
            _ if text.starts_with('Z') && part.starts_with('Z') => text = text.get(1..)?,
            _ => {
                let sign = match text.get(..1)? {
                    "-" => -1,
                    "+" => 1,
                    _ => return None,
                };
                let hours: i64 = text.get(1..3)?.parse().ok()?;
                let colon = usize::from(part.contains(':'));
                let minutes: i64 = text.get(3 + colon..5 + colon)?.parse().ok()?;
                offset = sign * (hours * 3600 + minutes * 60);
                text = text.get(5 + colon..)?;
            }
        }
    }
    let hour = seconds / 3600;
    match is_pm {
        Some(true) if hour < 12 => seconds += 12 * 3600,
        Some(false) if hour == 12 => seconds -= 12 * 3600,
        _ => {}
    }
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && seconds < 86_400;
    (text.is_empty() && is_date).then(|| days(year, month, day) * 86_400 + seconds - offset)
}

/// Go's `time.Duration` as text, of whole seconds.
pub(crate) fn duration(seconds: i64) -> String {
    let size = seconds.unsigned_abs();
    let sign = if seconds < 0 { "-" } else { "" };
    match (size / 3600, size / 60 % 60, size % 60) {
        (0, 0, second) => format!("{sign}{second}s"),
        (0, minute, second) => format!("{sign}{minute}m{second}s"),
        (hour, minute, second) => format!("{sign}{hour}h{minute}m{second}s"),
    }
}

/// Go's `time.ParseDuration`, in whole seconds.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits =
            rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (number, after) = rest.split_at(digits);
        let number: f64 = number.parse().ok()?;
        let units =
            [("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (unit, size) = units.into_iter().find(|(unit, _)| after.starts_with(unit))?;
        seconds += number * size;
        rest = after.get(unit.len()..)?;
    }
    (!text.is_empty()).then_some((sign * seconds) as i64)
}

/// sprig's `durationRound`: the largest unit alone.
pub(crate) fn rounded(seconds: i64) -> String {
    let size = seconds.unsigned_abs();
    let units =
        [(31_536_000, "y"), (2_592_000, "mo"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let found = units.into_iter().find(|(unit, _)| size > *unit || (*unit == 1 && size == 1));
    found.map_or("0s".to_owned(), |(unit, name)| format!("{}{name}", size / unit))
}
