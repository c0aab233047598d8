//! What is read in messages as they are sent.

use super::*;
use crate::extract::extract;

fn read(bytes: &[u8]) -> Extraction {
    extract(&Input::new("a.eml", bytes)).unwrap()
}

fn failed(bytes: &[u8]) -> String {
    match extract(&Input::new("a.eml", bytes)) {
        Err(Reason::Failed(reason)) => reason,
        other => panic!("not failed: {other:?}"),
    }
}

/// All sections but that of the headers.
fn body(extraction: &Extraction) -> String {
    let sections = extraction.document.sections.iter().skip(1);
    sections.map(|section| section.text.trim().to_owned()).collect::<Vec<_>>().join("|")
}

fn names(extraction: &Extraction) -> Vec<&str> {
    extraction.attachments.iter().map(|attachment| attachment.name.as_str()).collect()
}

fn in_korean(text: &str) -> Vec<u8> {
    encoding_rs::EUC_KR.encode(text).0.into_owned()
}

#[test]
fn a_message_that_breaks_off_keeps_its_text_and_says_what_is_lost() {
    let whole = "Subject: Plan\nContent-Type: multipart/mixed; boundary=\"xx\"\n\n--xx\n\
                 Content-Type: text/plain\n\nfive days\n--xx\nContent-Type: text/csv\n\
                 Content-Disposition: attachment; filename=a.csv\n\na,b\n1,2\n--xx--\n";
    let lost = |text: &str| {
        let attachments = read(text.as_bytes()).attachments.into_iter();
        attachments.filter_map(|it| it.content.err()).map(|it| it.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lost(whole), <[String; 0]>::default());
    let cut = &whole[..whole.len() - 12];
    assert!(read(cut.as_bytes()).document.sections.iter().any(|it| it.text.contains("five days")));
    assert_eq!(lost(cut), ["damaged: the message breaks off, its last part has no end"]);
    let holed = whole.replace("five", &"\0".repeat(40));
    assert_eq!(lost(&holed), ["damaged: a part of it was overwritten by zeros"]);
    let input = Input::new("a.eml", &whole.as_bytes()[..30]);
    let reason = extract(&input).unwrap_err().to_string();
    assert_eq!(reason, "damaged: it ends within its headers");
}

#[test]
fn headers_are_the_title_the_metadata_and_the_first_section() {
    let document = read(
        b"From: =?euc-kr?B?seg=?= <kim@example.com>\r\nTo: a@x, B <b@x>\r\nCc: c@x\r\n\
          Subject: =?utf-8?B?7ZqM7J2YIOyViOuCtA==?=\r\nDate: Tue, 14 Nov 2023 22:13:20 +0900\r\n\
          Message-ID: <1@x>\r\nIn-Reply-To: <0@x>\r\n\r\nwords\r\n-- \r\nKim\r\n",
    );
    let metadata = &document.document.metadata;
    assert_eq!(document.document.title.as_deref(), Some("회의 안내"));
    assert_eq!(metadata["from"], "김 <kim@example.com>");
    assert_eq!(metadata["date"], "2023-11-14T22:13:20+09:00");
    assert_eq!((&*metadata["message-id"], &*metadata["in-reply-to"]), ("1@x", "0@x"));
    let headers = "From: 김 <kim@example.com>; To: a@x, B <b@x>; Cc: c@x; \
                   Date: 2023-11-14T22:13:20+09:00";
    assert_eq!(document.document.sections[0].text, headers);
    assert_eq!(body(&document), "words\n-- \nKim");
}

#[test]
fn the_plain_text_is_read_unless_it_only_points_to_the_html() {
    let message = |plain: &str| {
        format!(
            "Subject: a\nFrom: a@x\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n{plain}\n\
             --b\nContent-Type: text/html\n\n<p>The words of the page, which are many</p>\n--b--\n"
        )
    };
    assert_eq!(body(&read(message("The words of the text").as_bytes())), "The words of the text");
    assert!(body(&read(message("see HTML").as_bytes())).starts_with("The words of the page"));
    let html = b"Subject: a\nFrom: a@x\nContent-Type: text/html\n\n<p>own</p>\
                 <div class=\"gmail_quote\">On Monday, A wrote:<blockquote>old</blockquote></div>";
    let document = read(html).document;
    assert_eq!(document.sections[1].text.trim(), "own");
    assert_eq!(document.sections[2].heading, ["Quoted text"]);
    assert!(document.sections[2].text.contains("old"));
}

#[test]
fn text_is_read_in_its_real_encoding_wherever_it_is_not_declared() {
    let head = "Subject: 분기 보고서를 보내드립니다\nFrom: 김철수 <kim@x>\n";
    let text = "안녕하세요. 첨부한 보고서를 확인해 주시기 바랍니다.\n";
    let raw = in_korean(&format!("{head}\n{text}"));
    let raw = read(&raw);
    assert_eq!(raw.document.title.as_deref(), Some("분기 보고서를 보내드립니다"));
    assert_eq!(body(&raw), text.trim());
    let unknown = format!("{head}Content-Type: text/plain; charset=cp949\n\n");
    let unknown = [unknown.into_bytes(), in_korean(text)].concat();
    assert_eq!(body(&read(&unknown)), text.trim());
    let old = b"Subject: a\nContent-Type: text/plain; charset=iso-2022-kr\n\n\x1b$)C\x0eH8@G\x0f\n";
    assert!(read(old).document.sections.iter().any(|section| section.text.trim() == "회의"));
    let wide = format!("\u{feff}{head}\n{text}");
    let wide = wide.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    assert_eq!(body(&read(&wide)), text.trim());
}

#[test]
fn attachments_have_their_names_whatever_their_spelling() {
    let message =
        b"Subject: a\nFrom: a@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n\
        --b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\
        Content-Disposition: attachment; filename*=UTF-8''%EB%B3%B4%EA%B3%A0.pdf\n\nJVBERi0=\n\
        --b\nContent-Type: text/csv; name=\"=?utf-8?B?67O06rOgLmNzdg==?=\"\n\
        Content-Disposition: attachment\n\na,b\n\
        --b\nContent-Type: text/plain\nContent-Disposition: attachment;\n \
        filename*0=\"a long \";\n filename*1=\"name.txt\"\n\nx\n\
        --b\nContent-Type: image/png\nContent-ID: <1>\n\npixels\n\
        --b\nContent-Type: application/pgp-signature; name=signature.asc\n\nsigned\n\
        --b\nContent-Type: message/rfc822\n\nSubject: Inner\nFrom: b@x\n\ninside\n--b--\n";
    let message = read(message);
    assert_eq!(names(&message), ["보고.pdf", "보고.csv", "a long name.txt", "Inner.eml"]);
    assert_eq!(message.attachments[0].content.as_deref().unwrap(), b"%PDF-");
    assert_eq!(body(&message), "body");
    let inner = read(message.attachments[3].content.as_ref().unwrap());
    assert_eq!((inner.document.title.as_deref(), &*body(&inner)), (Some("Inner"), "inside"));
}

#[test]
fn what_is_encrypted_says_so() {
    let smime =
        b"Subject: a\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nAA";
    assert_eq!(failed(smime), "encrypted (S/MIME)");
    let pgp = b"Subject: a\nContent-Type: multipart/encrypted; boundary=b;\n \
                protocol=\"application/pgp-encrypted\"\n\n--b\n\nVersion: 1\n--b--\n";
    assert_eq!(failed(pgp), "encrypted (PGP)");
    assert_eq!(failed(b"Subject: a\n\n-----BEGIN PGP MESSAGE-----\nAA\n"), "encrypted (PGP)");
}

#[test]
fn a_broken_message_shows_what_it_has() {
    let open =
        b"Subject: a\nFrom: a@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n";
    assert_eq!(body(&read(open)), "words");
    let lost = b"Subject: a\nFrom: a@x\nContent-Type: multipart/mixed\n\nwords without parts\n";
    assert_eq!(body(&read(lost)), "words without parts");
    let other =
        b"From: a@x\nContent-Type: multipart/mixed; boundary=c\n\n--b\n\nother parts\n--b--\n";
    assert!(body(&read(other)).contains("other parts"));
    assert_eq!(failed(b"just words\nand more\n"), "not a message: it has no headers");
    assert_eq!(failed(b"\x01\x02\x03\xff\xfe"), "not a message: it has no headers");
    let mailbox = b"From a Mon Jun 1\nSubject: a\n\nwords\n";
    assert_eq!(read(mailbox).document.title.as_deref(), Some("a"));
}

#[test]
fn a_file_beside_the_mail_is_no_failure() {
    let input = Input { dialect: Dialect::Mail, ..Input::new("Inbox.msf", b"// <!-- <mdb:mork") };
    assert!(matches!(extract(&input), Err(Reason::Skipped(_))));
    let input = Input { dialect: Dialect::Mail, ..Input::new("1700.M1P2:2,S", b"Subject: a\n\nx") };
    assert!(extract(&input).is_ok());
}

#[test]
fn a_forwarded_message_is_the_text() {
    let message = b"Subject: Fwd: Plan\nFrom: a@x\n\nSee below.\n\n-----Original Message-----\n\
                    From: b@x\n\nThe plan itself\n";
    let document = read(message).document;
    assert_eq!(document.sections.len(), 2);
    assert!(document.sections[1].text.trim_end().ends_with("The plan itself"));
}

#[test]
fn a_saved_page_is_read() {
    let message = b"From: <Saved by Blink>\nSubject: =?utf-8?Q?A_page?=\nMIME-Version: 1.0\n\
        Content-Type: multipart/related; type=\"text/html\"; boundary=\"b\"\n\n--b\n\
        Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\
        Content-Location: https://example.com/\n\n<h1>A page</h1><p>its =\nwords=3D</p>\n\
        --b\nContent-Type: text/css\nContent-Location: cid:css-1@mhtml.blink\n\np {}\n--b--\n";
    let page = extract(&Input::new("a.mht", message)).unwrap();
    assert!(body(&page).contains("its words="));
    assert!(page.attachments.is_empty());
}

#[test]
fn many_headers_and_deep_nesting_are_borne() {
    let mut many = "X-Header: value\n".repeat(50_000);
    many.push_str("Subject: a\nTo: ");
    many.push_str(&"a@x, ".repeat(50_000));
    many.push_str("\n\nwords\n");
    let document = read(many.as_bytes()).document;
    assert_eq!(document.title.as_deref(), Some("a"));
    assert!(document.sections[0].text.len() < 3000);
    let deep = "Subject: a\nContent-Type: message/rfc822\n\n".repeat(20_000);
    assert_eq!(read(deep.as_bytes()).attachments.len(), 1);
    let wide = "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(2_000);
    let wide = format!("Subject: a\n{wide}\n\nwords\n--b--\n");
    assert_eq!(read(wide.as_bytes()).document.title.as_deref(), Some("a"));
}

#[test]
fn parts_that_are_nowhere_are_not_looked_for_without_end() {
    let part = "--b\nContent-Type: multipart/mixed; boundary=z\n\nx\n".repeat(30_000);
    let message = format!("Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n{part}");
    assert!(failed(message.as_bytes()).contains("more parts"));
}
