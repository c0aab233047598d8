#!/usr/bin/env python3
"""Makes the small binary files below fixtures/, one of each format, with the standard library alone.

    python3 connectors/tests-data/make_fixtures.py

The texts there (HTML, mail, exports of wikis…) are written by hand. All of them are what the mutated
corpus (tests/mutated.rs) and the fuzz targets (fuzz/) begin with. The same bytes come out each time.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

from confluence_site import site

FIXTURES = Path(__file__).parent / "fixtures"


def package(parts, stored=()):
    """A ZIP archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (2024, 4, 22, 16, 35, 20))
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


SECTOR, MINI, CUTOFF, END, FREE = 512, 64, 4096, 0xFFFFFFFE, 0xFFFFFFFF


class Compound:
    """An OLE compound file of version 3."""

    def __init__(self, streams):
        self.sectors, self.chain = [], []
        self.mini, self.mini_chain = b"", []
        self.entries = [["Root Entry", 5, FREE, FREE, FREE, END, 0]]
        tree = {}
        for path, content in streams.items():
            *storages, name = path.split("/")
            place = tree
            for storage in storages:
                place = place.setdefault(storage, {})
            place[name] = content
        self.entries[0][4] = self.siblings(tree)

    def siblings(self, tree):
        """Adds a storage's entries; returns the root of their search tree."""
        indices = []
        for name in sorted(tree, key=lambda name: (len(name), name.upper())):
            index = len(self.entries)
            indices.append(index)
            content = tree[name]
            if isinstance(content, dict):
                self.entries.append([name, 1, FREE, FREE, FREE, 0, 0])
                self.entries[index][4] = self.siblings(content)
            else:
                start = self.store(content)
                self.entries.append([name, 2, FREE, FREE, FREE, start, len(content)])
        return self.balanced(indices)

    def balanced(self, indices):
        if not indices:
            return FREE
        middle = len(indices) // 2
        entry = self.entries[indices[middle]]
        entry[2] = self.balanced(indices[:middle])
        entry[3] = self.balanced(indices[middle + 1 :])
        return indices[middle]

    def store(self, content):
        if not content:
            return END
        if len(content) >= CUTOFF:
            return self.append(content)
        start, count = len(self.mini_chain), -(-len(content) // MINI)
        self.mini += content.ljust(count * MINI, b"\0")
        self.mini_chain += [*range(start + 1, start + count), END]
        return start

    def append(self, content):
        start, count = len(self.sectors), -(-len(content) // SECTOR)
        padded = content.ljust(count * SECTOR, b"\0")
        self.sectors += [padded[at : at + SECTOR] for at in range(0, len(padded), SECTOR)]
        self.chain += [*range(start + 1, start + count), END]
        return start

    def entry(self, name, kind, left, right, child, start, size):
        spelt = (name + "\0").encode("utf-16-le")
        # All nodes are black, which a search tree of this size may be.
        return struct.pack(
            "<64sHBBIII16sIQQIQ", spelt, len(spelt), kind, 1, left, right, child, b"", 0, 0, 0, start, size
        )

    def finish(self):
        if self.mini:
            self.entries[0][5:] = [self.append(self.mini), len(self.mini)]
        numbers = struct.pack(f"<{len(self.mini_chain)}I", *self.mini_chain)
        mini_table = self.append(numbers.ljust(-(-len(numbers) // SECTOR) * SECTOR, b"\xff")) if numbers else END
        mini_sectors = -(-len(numbers) // SECTOR)
        listed = b"".join(self.entry(*entry) for entry in self.entries)
        unused = self.entry("", 0, FREE, FREE, FREE, 0, 0)
        while len(listed) % SECTOR:
            listed += unused
        directory = self.append(listed)
        tables = 1
        while tables * SECTOR // 4 < len(self.chain) + tables:
            tables += 1
        first = len(self.sectors)
        chain = self.chain + [0xFFFFFFFD] * tables
        chain += [FREE] * (tables * SECTOR // 4 - len(chain))
        self.append(struct.pack(f"<{len(chain)}I", *chain))
        header = struct.pack(
            "<8s16sHHHHH6sIIIIIIIIII",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
            0, tables, directory, 0, CUTOFF, mini_table, mini_sectors, END, 0, first,
        )
        header += struct.pack("<108I", *range(first + 1, first + tables), *[FREE] * (109 - tables))
        return header + b"".join(self.sectors)


def compound(streams):
    return Compound(streams).finish()


CONTENT_TYPES = "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"


def relations(targets):
    each = (
        f'<Relationship Id="r{index}" Type="{OFFICE}/relationships/{kind}" Target="{target}"/>'
        for index, (kind, target) in enumerate(targets, 1)
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f"<Relationships xmlns='{space}'>{''.join(each)}</Relationships>"


CORE = (
    "<cp:coreProperties xmlns:cp='c' xmlns:dc='d' xmlns:dcterms='t'><dc:title>Leave policy</dc:title>"
    "<dc:creator>Kim</dc:creator><dcterms:created>2024-04-22T16:35:21Z</dcterms:created></cp:coreProperties>"
)


def word():
    text = lambda text: f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
    cell = lambda content, more="": f"<w:tc><w:tcPr>{more}</w:tcPr>{content}</w:tc>"
    heading = "<w:p><w:pPr><w:pStyle w:val='H1'/></w:pPr><w:r><w:t>Carry-over 이월</w:t></w:r></w:p>"
    numbered = "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>first</w:t></w:r></w:p>"
    begin, deep = '<w:vMerge w:val="restart"/>', f"<w:tbl><w:tr>{cell(text('six'))}</w:tr></w:tbl>{text('')}"
    rows = (
        f"<w:tr>{cell(text('Team'))}{cell(text('Days'))}</w:tr>"
        f"<w:tr>{cell(text('Sales'), begin)}{cell(text('five'))}</w:tr>"
        f"<w:tr>{cell(text(''), '<w:vMerge/>')}{cell(deep)}</w:tr>"
    )
    noted = "<w:p><w:r><w:t>noted</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r></w:p>"
    body = heading + text("Five days may be carried over.") + numbered + f"<w:tbl>{rows}</w:tbl>" + noted
    main = f"<w:document xmlns:w='w'><w:body>{body}</w:body></w:document>"
    styles = "<w:styles><w:style w:styleId='H1'><w:name w:val='heading 1'/></w:style></w:styles>"
    numbering = (
        "<w:numbering><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/>"
        "<w:lvlText w:val='%1.'/></w:lvl></w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>"
    )
    parts = [("styles", "styles.xml"), ("numbering", "numbering.xml"), ("footnotes", "footnotes.xml")]
    return package({
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": relations([("officeDocument", "word/document.xml"), ("core-properties", "docProps/core.xml")]),
        "word/document.xml": main,
        "word/_rels/document.xml.rels": relations(parts),
        "word/styles.xml": styles,
        "word/numbering.xml": numbering,
        "word/footnotes.xml": f"<w:footnotes><w:footnote w:id='2'>{text('with a note')}</w:footnote></w:footnotes>",
        "docProps/core.xml": CORE,
    })


def slides():
    shape = lambda text, kind: (
        f"<p:sp><p:nvSpPr><p:nvPr><p:ph type='{kind}'/></p:nvPr></p:nvSpPr>"
        f"<p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    tree = lambda root, shapes: f"<p:{root} xmlns:p='p' xmlns:a='a'><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:{root}>"
    parts = {"[Content_Types].xml": CONTENT_TYPES, "docProps/core.xml": CORE}
    parts["_rels/.rels"] = relations([("officeDocument", "ppt/presentation.xml"), ("core-properties", "docProps/core.xml")])
    ids = "".join(f"<p:sldId id='{255 + number}' r:id='r{number}'/>" for number in (1, 2))
    parts["ppt/presentation.xml"] = f"<p:presentation xmlns:p='p' xmlns:r='r'><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    parts["ppt/_rels/presentation.xml.rels"] = relations([("slide", f"slides/slide{number}.xml") for number in (1, 2)])
    for number in (1, 2):
        parts[f"ppt/slides/slide{number}.xml"] = tree("sld", shape(f"Plan {number}", "title") + shape("The heron moves", "body"))
    parts["ppt/slides/_rels/slide1.xml.rels"] = relations([("notesSlide", "../notesSlides/notesSlide1.xml")])
    parts["ppt/notesSlides/notesSlide1.xml"] = tree("notes", shape("Say it slowly", "body"))
    return package(parts)


def workbook():
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    shared = ["Team", "Days", "Sales", "영업"]
    rows = (
        "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>"
        "<row r='2'><c r='A2' t='s'><v>2</v></c><c r='B2' s='1'><v>45404</v></c></row>"
        "<row r='3'><c r='A3' t='s'><v>3</v></c><c r='B3' t='inlineStr'><is><t>many</t></is></c><c r='C3'><f>1+1</f><v>2</v></c></row>"
    )
    return package({
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": relations([("officeDocument", "xl/workbook.xml"), ("core-properties", "docProps/core.xml")]),
        "xl/workbook.xml": f"<workbook xmlns='{space}' xmlns:r='{OFFICE}/relationships'><sheets><sheet name='Leave' sheetId='1' r:id='r1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations([("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")]),
        "xl/worksheets/sheet1.xml": f"<worksheet xmlns='{space}'><dimension ref='A1:C3'/><sheetData>{rows}</sheetData><mergeCells><mergeCell ref='A2:A2'/></mergeCells></worksheet>",
        "xl/sharedStrings.xml": f"<sst xmlns='{space}'>{''.join(f'<si><t>{text}</t></si>' for text in shared)}</sst>",
        "xl/styles.xml": f"<styleSheet xmlns='{space}'><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>",
        "docProps/core.xml": CORE,
    })


def old_workbook():
    record = lambda kind, data: struct.pack("<HH", kind, len(data)) + data
    begin = lambda kind: record(0x809, struct.pack("<HHHHII", 0x600, kind, 0x0DBB, 0x07CC, 0, 6))
    text = lambda text: struct.pack("<HB", len(text), 0) + text.encode("latin-1")
    label = lambda row, column, index: record(0xFD, struct.pack("<HHHI", row, column, 0, index))
    shared = ["Team", "Days", "Sales"]
    strings = record(0xFC, struct.pack("<II", 3, 3) + b"".join(map(text, shared)))
    sheet = begin(0x10) + record(0x200, struct.pack("<IIHHH", 0, 2, 0, 2, 0))
    sheet += label(0, 0, 0) + label(0, 1, 1) + label(1, 0, 2)
    sheet += record(0x203, struct.pack("<HHHd", 1, 1, 0, 5.0)) + record(0x0A, b"")
    codepage = record(0x42, struct.pack("<H", 1200))
    bound = lambda at: record(0x85, struct.pack("<IBBBB", at, 0, 0, 5, 0) + b"Leave")
    start = len(begin(5) + codepage + bound(0) + strings) + 4
    whole = begin(5) + codepage + bound(start) + strings + record(0x0A, b"") + sheet
    return compound({"Workbook": whole})


def old_word():
    text = "Leave policy\rFive days may be carried over.\r".encode("cp1252")
    start = 0x400
    header = bytearray(start)
    struct.pack_into("<HHHHHH", header, 0, 0xA5EC, 0xC1, 0, 0x409, 0, 0)
    struct.pack_into("<II", header, 24, start, start + len(text))
    struct.pack_into("<H", header, 32, 14)
    struct.pack_into("<H", header, 62, 22)
    struct.pack_into("<I", header, 64, start + len(text))
    struct.pack_into("<I", header, 76, len(text))
    struct.pack_into("<H", header, 152, 93)
    pieces = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, start * 2 | 1 << 30, 0)
    table = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", header, 154 + 33 * 8, 0, len(table))
    return compound({"WordDocument": bytes(header) + text, "0Table": table})


def old_slides():
    atom = lambda kind, data, version=0: struct.pack("<HHI", version, kind, len(data)) + data
    box = lambda kind, *atoms: atom(kind, b"".join(atoms), 15)
    header = lambda kind: atom(3999, struct.pack("<I", kind))
    wide = lambda text: atom(4000, text.encode("utf-16-le"))
    persist = atom(1011, struct.pack("<IIIII", 2, 0, 0, 256, 0))
    listed = box(4080, persist, header(0), wide("Plan"), header(1), wide("The heron moves"))
    document = box(1000, atom(1001, bytes(40), 1), listed)
    slide = box(1006, atom(1007, bytes(24), 2))
    directory = atom(6002, struct.pack("<III", 1 | 2 << 20, 0, len(document)))
    edit_at = len(document + slide + directory)
    edit = atom(4085, struct.pack("<IHBBIIIIHH", 256, 0, 0, 3, 0, len(document + slide), 1, 3, 0, 0))
    user = atom(4086, struct.pack("<IIIHHBBH", 20, 0xE391C05F, edit_at, 3, 0x3F4, 3, 0, 0) + b"Kim" + struct.pack("<I", 8))
    return compound({"PowerPoint Document": document + slide + directory + edit, "Current User": user})


def open_document(kind, body):
    spaces = "xmlns:office='o' xmlns:text='t' xmlns:table='b' xmlns:draw='d' xmlns:presentation='p'"
    media = f"application/vnd.oasis.opendocument.{kind}"
    return package({
        "mimetype": media,
        "content.xml": f"<office:document-content {spaces}><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {spaces}/>",
        "meta.xml": "<office:document-meta xmlns:office='o' xmlns:dc='d'><office:meta><dc:title>Leave policy</dc:title></office:meta></office:document-meta>",
        "META-INF/manifest.xml": f"<manifest:manifest xmlns:manifest='m'><manifest:file-entry manifest:full-path='/' manifest:media-type='{media}'/></manifest:manifest>",
    }, stored=["mimetype"])


ROWS = (
    "<table:table table:name='Leave'><table:table-row><table:table-cell><text:p>Team</text:p></table:table-cell>"
    "<table:table-cell><text:p>Days</text:p></table:table-cell></table:table-row>"
    "<table:table-row table:number-rows-repeated='2'><table:table-cell table:number-rows-spanned='2'><text:p>Sales</text:p></table:table-cell>"
    "<table:table-cell table:number-columns-repeated='3'><text:p>five</text:p></table:table-cell></table:table-row></table:table>"
)


def open_text():
    listed = "<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>"
    noted = "<text:p>noted<text:note><text:note-body><text:p>here</text:p></text:note-body></text:note><text:s text:c='3'/>end</text:p>"
    return open_document("text", "<text:h text:outline-level='1'>Carry-over</text:h><text:p>Five days</text:p>" + listed + ROWS + noted)


def open_slides():
    box = lambda text: f"<draw:frame><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"
    notes = f"<presentation:notes>{box('Say it slowly')}</presentation:notes>"
    pages = "".join(f"<draw:page draw:name='p{n}'>{box(f'Plan {n}')}{notes}</draw:page>" for n in (1, 2))
    return open_document("presentation", pages)


def book():
    opf = (
        "<package xmlns='http://www.idpf.org/2007/opf' version='3.0'><metadata xmlns:dc='d'><dc:title>Leave</dc:title><dc:language>en</dc:language></metadata>"
        "<manifest><item id='n' href='nav.xhtml' media-type='application/xhtml+xml' properties='nav'/><item id='a' href='one.xhtml' media-type='application/xhtml+xml'/>"
        "<item id='b' href='two.xhtml' media-type='application/xhtml+xml'/><item id='x' href='toc.ncx' media-type='application/x-dtbncx+xml'/></manifest>"
        "<spine toc='x'><itemref idref='a'/><itemref idref='b'/></spine></package>"
    )
    page = lambda title: f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>{title}</title></head><body><h1>{title}</h1><p>The heron &amp; the dunlin.</p></body></html>"
    return package({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container><rootfiles><rootfile full-path='OEBPS/book.opf' media-type='application/oebps-package+xml'/></rootfiles></container>",
        "OEBPS/book.opf": opf,
        "OEBPS/nav.xhtml": "<html><body><nav epub:type='toc'><ol><li><a href='one.xhtml'>First</a></li><li><a href='two.xhtml#x'>Second</a></li></ol></nav></body></html>",
        "OEBPS/toc.ncx": "<ncx><navMap><navPoint><navLabel><text>First</text></navLabel><content src='one.xhtml'/></navPoint></navMap></ncx>",
        "OEBPS/one.xhtml": page("First"),
        "OEBPS/two.xhtml": page("Second"),
    }, stored=["mimetype"])


def hangul_stream():
    def record(tag, level, data):
        return struct.pack("<I", tag | level << 10 | len(data) << 20) + data
    paragraph = lambda level, text: record(66, level, bytes(24)) + record(67, level + 1, text.encode("utf-16-le"))
    control = lambda level, name, data=b"": record(71, level, name[::-1] + data)
    cell = lambda place, text: record(72, 2, bytes(8) + struct.pack("<4H", *place)) + paragraph(2, text)
    mark = lambda code: code + "\1" * 6 + code
    table = bytearray(14)
    table[4], table[6] = 2, 2
    return b"".join([
        paragraph(0, f"문장{mark(chr(17))}이 계속된다."), control(1, b"fn  ", bytes(16)), record(72, 2, bytes(16)), paragraph(2, "각주"),
        paragraph(0, mark("\x0b")), control(1, b"tbl "), record(77, 2, bytes(table)),
        cell((0, 0, 1, 1), "이름"), cell((1, 0, 1, 1), "점수"), cell((0, 1, 1, 1), "김"), cell((1, 1, 1, 1), "3"), paragraph(0, "끝"),
    ])


def hangul(version):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = squeeze.compress(hangul_stream()) + squeeze.flush()
    flags = 1 if version == "packed" else 0
    header = b"HWP Document File".ljust(32, b"\0") + bytes([0, 0, 0, 5]) + struct.pack("<I", flags)
    return compound({
        "FileHeader": header.ljust(256, b"\0"),
        "DocInfo": b"",
        "BodyText/Section0": body if flags else hangul_stream(),
    })


def hangul_3():
    info = bytes(128)
    summary = "Leave".encode("utf-16-le").ljust(1008, b"\0")
    # A paragraph: same shape as before, count of letters, count of lines, one shape of letters.
    paragraph = lambda text: struct.pack("<BHHB", 1, len(text) + 1, 1, 0).ljust(43, b"\0") + bytes(14) + text.encode("utf-16-le") + struct.pack("<H", 13)
    body = bytes(14) + bytes(2) + paragraph("Five days") + paragraph("The heron") + struct.pack("<BHHB", 1, 0, 0, 0).ljust(43, b"\0")
    return b"HWP Document File V3.00 \x1a\1\2\3\4\5" + info + summary + body


def hangul_xml():
    run = lambda content: f"<hp:p paraPrIDRef='0'><hp:run>{content}</hp:run></hp:p>"
    cell = lambda text: f"<hp:tc><hp:subList>{run(f'<hp:t>{text}</hp:t>')}</hp:subList><hp:cellSpan colSpan='1' rowSpan='1'/></hp:tc>"
    rows = "".join(f"<hp:tr>{cell(a)}{cell(b)}</hp:tr>" for a, b in (("이름", "도시"), ("김", "서울")))
    return package({
        "mimetype": "application/hwp+zip",
        "Contents/content.hpf": "<opf:package><opf:metadata><opf:title>제목</opf:title></opf:metadata><opf:manifest><opf:item id='s' href='Contents/section0.xml'/></opf:manifest><opf:spine><opf:itemref idref='s'/></opf:spine></opf:package>",
        "Contents/header.xml": "<hh:head><hh:paraPr id='1'><hh:heading type='OUTLINE' idRef='0' level='0'/></hh:paraPr></hh:head>",
        "Contents/section0.xml": f"<hs:sec><hp:p paraPrIDRef='1'><hp:run><hp:t>개요</hp:t></hp:run></hp:p>{run('<hp:t>앞 &lt;</hp:t>')}{run(f'<hp:tbl>{rows}</hp:tbl>')}</hs:sec>",
    }, stored=["mimetype"])


def outlook():
    text = lambda text: text.encode("utf-16-le")
    rtf = b"{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag <p>}The heron is late.\\par}"
    packed = b"".join(b"\0" + rtf[at : at + 8] for at in range(0, len(rtf), 8))
    lzfu = struct.pack("<II4sI", len(packed) + 12, len(rtf), b"LZFu", 0) + packed
    number = lambda tag, value: struct.pack("<IIQ", tag, 6, value)
    properties = bytes(8) + struct.pack("<IIII", 1, 1, 1, 1) + bytes(8) + number(0x00390040, 133584717210000000)
    return compound({
        "__properties_version1.0": properties,
        "__substg1.0_001A001F": text("IPM.Note"),
        "__substg1.0_0037001F": text("Leave 휴가"),
        "__substg1.0_1000001F": text("Five days may be carried over."),
        "__substg1.0_10090102": lzfu,
        "__substg1.0_0C1A001F": text("Kim"),
        "__substg1.0_0C1F001F": text("kim@example.com"),
        "__recip_version1.0_#00000000/__properties_version1.0": bytes(8) + number(0x0C150003, 1),
        "__recip_version1.0_#00000000/__substg1.0_3001001F": text("Lee"),
        "__recip_version1.0_#00000000/__substg1.0_3003001F": text("lee@example.com"),
        "__attach_version1.0_#00000000/__properties_version1.0": bytes(8) + number(0x37050003, 1),
        "__attach_version1.0_#00000000/__substg1.0_3707001F": text("note.txt"),
        "__attach_version1.0_#00000000/__substg1.0_37010102": b"an attached pelican",
    })


def portable():
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Outlines 7 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 612 792] /Resources << /Font << /F1 8 0 R >> >> >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 6 0 R >>",
    ]
    for words in (b"Leave policy", b"The heron moves"):
        lines = b"".join(b"BT /F1 10 Tf 72 %d Td (%s, line %d of the page) Tj ET\n" % (740 - 12 * n, words, n) for n in range(8))
        packed = zlib.compress(lines, 9)
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed))
    objects += [
        b"<< /Type /Outlines /First 9 0 R /Last 9 0 R /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (Carry-over) /Parent 7 0 R /Dest [4 0 R /Fit] >>",
        b"<< /Title (Leave) /Author (Kim) /CreationDate (D:20240422163521Z) >>",
    ]
    out, places = b"%PDF-1.5\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R /Info 10 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


FILES = {"hr/leave.md": b"# Leave\n\nFive pelican days a year.\n", "notes.txt": b"The heron is late.\n" * 20}


def tape(kind=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, content in {**FILES, "a/" * 60 + "deep.txt": b"deep"}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1713803720
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def seven_zip():
    """Two files in one folder of LZMA."""
    content = b"".join(FILES.values())
    coder = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}
    packed = lzma.compress(content, lzma.FORMAT_RAW, filters=[coder])
    number = lambda value: bytes([0x80 | value >> 8, value & 255]) if value > 127 else bytes([value])
    properties = bytes([0x5D]) + struct.pack("<I", 1 << 16)
    streams = b"\x06\0\x01\x09" + number(len(packed)) + b"\0"
    streams += b"\x07\x0b\x01\0\x01\x23\x03\x01\x01\x05" + properties + b"\x0c" + number(len(content)) + b"\0"
    first = len(next(iter(FILES.values())))
    sums = b"".join(struct.pack("<I", zlib.crc32(each)) for each in FILES.values())
    streams += b"\x08\x0d\x02\x09" + number(first) + b"\x0a\x01" + sums + b"\0\0"
    names = b"\0" + b"".join((name + "\0").encode("utf-16-le") for name in FILES)
    files = b"\x05\x02\x11" + number(len(names)) + names + b"\0"
    header = b"\x01\x04" + streams + files + b"\0"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def notion():
    page, table = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
    return package({
        f"Home {page}.md": "# Home\n\nOwner: Kim\n\n[Team](Home%20" + page + "/Team%20" + table + ".csv)\n\nThe heron.",
        f"Home {page}/Team {table}.csv": "Name,Days\nKim,5\nLee,6\n",
        f"Home {page}/Team {table}/Kim {page[::-1]}.md": "# Kim\n\nDays: 5\n\nThe dunlin.",
        f"Plan {page[::-1]}.html": "<html><head><title>Plan</title></head><body><article class='page'><h1 class='page-title'>Plan</h1><div class='page-body'><p>words</p></div></article></body></html>",
    })


def main():
    texts = FIXTURES
    entities = (texts / "confluence/entities.xml").read_bytes()
    dump = (texts / "mediawiki/dump.xml").read_bytes()
    squeezed = lambda content: gzip.compress(content, 9, mtime=0)
    made = {
        "folder/word.docx": word(), "folder/slides.pptx": slides(), "folder/workbook.xlsx": workbook(),
        "folder/old.xls": old_workbook(), "folder/old.doc": old_word(), "folder/old.ppt": old_slides(),
        "folder/text.odt": open_text(), "folder/sheet.ods": open_document("spreadsheet", ROWS),
        "folder/slides.odp": open_slides(), "folder/book.epub": book(), "folder/packed.hwp": hangul("packed"),
        "folder/plain.hwp": hangul("plain"), "folder/third.hwp": hangul_3(), "folder/package.hwpx": hangul_xml(),
        "folder/letter.msg": outlook(), "folder/pages.pdf": portable(),
        "folder/files.zip": package({**FILES, "inner.zip": package(FILES), "word.docx": word()}),
        "folder/files.tar": tape(), "folder/files.tar.gz": squeezed(tape(tarfile.PAX_FORMAT)),
        "folder/files.tar.xz": lzma.compress(tape(tarfile.GNU_FORMAT)), "folder/notes.txt.gz": squeezed(FILES["notes.txt"]),
        "folder/files.7z": seven_zip(), "mediawiki/dump.xml.bz2": bz2.compress(dump), "notion/export.zip": notion(),
        "confluence/space.zip": package({"entities.xml": entities, "exportDescriptor.properties": "exportType=space\n", "attachments/12/30/1": "an attached pelican"}),
        "confluence/html.zip": package(site()),
    }
    for name, content in made.items():
        path = FIXTURES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
