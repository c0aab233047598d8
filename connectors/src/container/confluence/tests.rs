//! What becomes of exports of Confluence in XML.
