//! What the groups of RTF are for.

/// Where the text of a group goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// The text that people read.
    Body,
    /// Text that stands apart: a note, a header, a text box.
    Story,
    /// Nowhere, nor that of the groups within.
    Skipped,
    /// Nowhere, but groups within may have text.
    Container,
    Fonts,
    Styles,
    Info(Field),
    /// The ends of the rows of tables within cells.
    NestedRow,
}

/// What a document says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Author,
    Subject,
    Keywords,
    Created,
    Modified,
}

/// The destination that a control word opens, `None` if it is no such word.
pub(super) fn of(word: &str) -> Option<Destination> {
    Some(match word {
        "fonttbl" => Destination::Fonts,
        "stylesheet" => Destination::Styles,
        "title" => Destination::Info(Field::Title),
        "author" => Destination::Info(Field::Author),
        "subject" => Destination::Info(Field::Subject),
        "keywords" => Destination::Info(Field::Keywords),
        "creatim" => Destination::Info(Field::Created),
        "revtim" => Destination::Info(Field::Modified),
        "footnote" | "annotation" | "header" | "headerl" | "headerr" | "headerf" | "footer"
        | "footerl" | "footerr" | "footerf" | "shptxt" | "dptxbxtext" => Destination::Story,
        "info" | "object" | "shp" | "shpinst" | "shpgrp" | "do" | "field" | "upr" | "mmath" => {
            Destination::Container
        }
        "fldrslt" | "result" | "ud" | "moMath" | "moMathPara" | "listtext" | "pntext" => {
            Destination::Body
        }
        "nesttableprops" => Destination::NestedRow,
        "aftnsep" | "aftnsepc" | "aftncn" | "ftncn" | "ftnsep" | "ftnsepc" | "atnauthor"
        | "atndate" | "atnicn" | "atnid" | "atnparent" | "atnref" | "atntime" | "atrfend"
        | "atrfstart" | "background" | "bkmkend" | "bkmkstart" | "blipuid" | "buptim"
        | "category" | "colorschememapping" | "colortbl" | "comment" | "company" | "datafield"
        | "datastore" | "defchp" | "defpap" | "doccomm" | "docvar" | "ffdeftext" | "ffname"
        | "filetbl" | "fldinst" | "fldtype" | "fontemb" | "fontfile" | "formfield"
        | "generator" | "gridtbl" | "hlinkbase" | "keycode" | "latentstyles"
        | "listoverridetable" | "listtable" | "lsdlockedexcept" | "manager" | "mmathPr"
        | "nextfile" | "nonesttables" | "nonshppict" | "objalias" | "objclass" | "objdata"
        | "objname" | "objsect" | "operator" | "panose" | "pgptbl" | "pict" | "picprop" | "pn"
        | "pnseclvl" | "printim" | "private" | "pxe" | "revtbl" | "rsidtbl" | "rxe" | "shppict"
        | "shprslt" | "sp" | "tc" | "tcn" | "template" | "themedata" | "txe" | "userprops"
        | "wgrffmtfilter" | "windowcaption" | "xe" | "xform" | "xmlnstbl" => Destination::Skipped,
        _ => return None,
    })
}
