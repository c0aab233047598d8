//! Mailboxes.

use super::*;

fn mailbox(text: &str) -> Collected {
    let (collected, outcome) = opened("m.mbox", text.as_bytes(), Limits::default());
    assert_eq!(outcome, Ok(()));
    collected
}

#[test]
fn each_message_is_called_after_its_subject() {
    let text = "From a Mon Jun 1 04:28:28 2009\nSubject: =?utf-8?B?7ZqM7J2Y?= a/b\n\
                Date: Tue, 14 Nov 2023 22:13:20 +0000\n\nfirst\n\n\
                From b\r\nSubject: Two\r\n\r\nsecond\r\n\r\nFrom c\nTo: x\n\nthird\n";
    let collected = mailbox(text);
    assert_eq!(collected.paths(), ["회의 a b.eml", "Two.eml", "no subject.eml"]);
    assert_eq!(collected.members[0].modified_ns, Some(1_700_000_000_000_000_000));
    assert!(collected.text("Two.eml").contains("second"));
}

#[test]
fn a_mailbox_that_breaks_off_keeps_its_messages_and_says_so() {
    let text = "From a\nSubject: One\n\nfirst\n\nFrom b\nSubject: Two\n\nsec";
    let (collected, outcome) = opened("m.mbox", text.as_bytes(), Limits::default());
    assert_eq!(collected.paths(), ["One.eml", "Two.eml"]);
    let reason = "damaged: it breaks off within its last message";
    assert_eq!(outcome, Err(Reason::Failed(reason.to_owned())));
}

#[test]
fn a_message_that_comes_later_changes_none_before() {
    let text = "From a\nSubject: One\n\nfirst\n\nFrom b\nSubject: One\n\nsecond\n";
    let before = mailbox(text);
    let after = mailbox(&format!("{text}\nFrom c\nSubject: One\n\nthird\n"));
    assert_eq!(after.members[..2], before.members);
    assert_eq!(after.paths()[2], "One (3).eml");
}

#[test]
fn words_in_a_body_separate_nothing() {
    let text = "From a\nSubject: One\n\nFrom here on\nit goes\nFrom: x\n\n>From there\n>>From y\n\n\
                From the end\nof it\n";
    let collected = mailbox(text);
    assert_eq!(collected.members.len(), 1);
    let body = collected.text("One.eml");
    for line in ["From here on", "\nFrom there", "From the end\nof it"] {
        assert!(body.contains(line), "{line} in {body}");
    }
}

#[test]
fn a_message_longer_than_allowed_is_named_and_passed_over() {
    let long = "x".repeat(300_000);
    let text = format!("From a\nSubject: Long\n\n{long}\n\nFrom b\nSubject: Short\n\nwords\n");
    let limits = Limits { file_bytes: 1000, ..Limits::default() };
    let (collected, outcome) = opened("m.mbox", text.as_bytes(), limits);
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.fault("Long.eml"), "over the limit of 1000 bytes for one file");
    assert!(collected.text("Short.eml").contains("words"));
}

#[test]
fn attachments_of_a_message_are_documents_below_it() {
    let text = "From a\nSubject: One\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n\
                body\n--b\nContent-Type: text/plain; name=\"notes.txt\"\n\
                Content-Disposition: attachment; filename=\"notes.txt\"\n\nattached\n--b--\n";
    let collected = mailbox(text);
    assert_eq!(collected.paths(), ["One.eml", "One.eml/notes.txt"]);
    assert_eq!(collected.text("One.eml/notes.txt").trim(), "attached");
}

#[test]
fn messages_packed_in_each_other_end_at_the_limit_of_containers() {
    let mut message = "Subject: 0\nFrom: a@x\n\nwalrus\n".to_owned();
    for level in 1..20 {
        let packed = base64(message.as_bytes());
        message = format!(
            "Subject: {level}\nFrom: a@x\nContent-Type: message/rfc822\n\
             Content-Transfer-Encoding: base64\n\n{packed}\n"
        );
    }
    let collected = mailbox(&format!("From a\n{message}"));
    assert_eq!(collected.members.len(), Limits::default().depth + 2);
    let last = collected.paths().last().copied().unwrap().to_owned();
    assert_eq!(collected.fault(&last), "more than 6 containers inside each other");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let quads = bytes.chunks(3).flat_map(|three| -> [char; 4] {
        let bits =
            three.iter().chain(&[0, 0]).take(3).fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        let digit = |place: u32| char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
        [0, 1, 2, 3].map(|place| if place as usize > three.len() { '=' } else { digit(place) })
    });
    quads.collect()
}
