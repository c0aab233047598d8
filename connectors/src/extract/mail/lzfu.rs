//! The compression of RTF in Outlook messages (MS-OXRTFCP).

/// What the dictionary holds at the beginning.
const START: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \
\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

const DICTIONARY_BYTES: usize = 4096;
const HEADER_BYTES: usize = 16;
const COMPRESSED: &[u8] = b"LZFu";
const UNCOMPRESSED: &[u8] = b"MELA";

/// Each byte of it becomes so much at the most.
const MAX_GROWTH: usize = 18;

/// Unpacks it; `None` if it is not of this kind. What is damaged is cut off.
pub(super) fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, packed) = bytes.split_at_checked(HEADER_BYTES)?;
    let size = u32::from_le_bytes(header[4..8].try_into().ok()?) as usize;
    match &header[8..12] {
        UNCOMPRESSED => Some(packed[..packed.len().min(size)].to_vec()),
        COMPRESSED => Some(inflate(packed, size.min(packed.len() * MAX_GROWTH))),
        _ => None,
    }
}

fn inflate(packed: &[u8], size: usize) -> Vec<u8> {
    let mut dictionary = [b' '; DICTIONARY_BYTES];
    dictionary[..START.len()].copy_from_slice(START);
    let mut window = Window { dictionary, end: START.len(), out: Vec::new(), size };
    let mut rest = packed.iter().copied();
    while let Some(flags) = rest.next() {
        for bit in 0..8 {
            let Some(first) = rest.next().filter(|_| window.out.len() < size) else {
                return window.out;
            };
            if flags >> bit & 1 == 0 {
                window.put(first);
                continue;
            }
            let Some(second) = rest.next() else { return window.out };
            let reference = usize::from(u16::from_be_bytes([first, second]));
            let start = reference >> 4;
            // The end is a reference to the place that is written next.
            if start == window.end {
                return window.out;
            }
            for step in 0..(reference & 15) + 2 {
                window.put(window.dictionary[(start + step) % DICTIONARY_BYTES]);
            }
        }
    }
    window.out
}

/// What was unpacked last, to which the packed text refers.
struct Window {
    dictionary: [u8; DICTIONARY_BYTES],
    end: usize,
    out: Vec<u8>,
    size: usize,
}

impl Window {
    fn put(&mut self, byte: u8) {
        if self.out.len() < self.size {
            self.dictionary[self.end] = byte;
            self.end = (self.end + 1) % DICTIONARY_BYTES;
            self.out.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(kind: &[u8], size: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as u32 + 12).to_le_bytes().to_vec();
        bytes.extend(size.to_le_bytes());
        bytes.extend(kind);
        bytes.extend([0; 4]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn references_into_the_dictionary_are_followed() {
        // The example of the specification.
        let body = b"\x03\x00\x0a\x00rcpg125B2\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        let text = unpack(&packed(COMPRESSED, 43, body)).unwrap();
        assert_eq!(text, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
    }

    #[test]
    fn a_run_may_overlap_what_it_writes() {
        // "ab" and then ten bytes from where it stands: START is 207 bytes long.
        let reference: u16 = (207 << 4) | 8;
        let body = [&[0b100][..], b"ab", &reference.to_be_bytes()].concat();
        assert_eq!(unpack(&packed(COMPRESSED, 100, &body)).unwrap(), b"abababababab");
    }

    #[test]
    fn what_is_cut_off_or_lies_about_its_size_is_bounded() {
        assert_eq!(unpack(b"LZFu"), None);
        assert_eq!(unpack(&packed(UNCOMPRESSED, 3, b"abcdef")).unwrap(), b"abc");
        assert!(unpack(&packed(COMPRESSED, u32::MAX, b"\x00abc")).unwrap().len() <= 4 * 18);
        assert_eq!(unpack(&packed(b"none", 3, b"abc")), None);
    }
}
