//! What a grid makes of rows of cells.

use super::*;

fn cells<'a>(row: &[&'a str]) -> Vec<Cell<'a>> {
    row.iter().map(|text| Cell::new(text)).collect()
}

fn lines(rows: &[Vec<Cell<'_>>]) -> Vec<String> {
    let (mut grid, mut budget) = (Grid::default(), 1000);
    rows.iter().map(|row| grid.row(row, &mut budget)).collect()
}

#[test]
fn a_cell_keeps_its_header() {
    let rows = [cells(&["Team", "City"]), cells(&["Blues", "STL"])];
    assert_eq!(lines(&rows), ["Team; City", "Team: Blues; City: STL"]);
}

#[test]
fn a_tall_cell_holds_for_each_row() {
    let mut tall = cells(&["North", "1"]);
    tall[0].is_tall = true;
    let mut lower = cells(&["", "2"]);
    lower[0].continues = true;
    let rows = [cells(&["Region", "Sales"]), tall, lower, cells(&["", "3"])];
    assert_eq!(
        lines(&rows)[1..],
        ["Region: North; Sales: 1", "Region: North; Sales: 2", "Sales: 3"]
    );
}

#[test]
fn a_title_between_rows_has_no_header() {
    let header = ["Topic", "Period", "Page"];
    let rows = [&header[..], &["Cash", "FY", "5"], &["Other", "", ""], &header];
    let expected = ["Topic: Cash; Period: FY; Page: 5", "Other", "Topic; Period; Page"];
    assert_eq!(lines(&rows.map(cells))[1..], expected);
}

#[test]
fn headers_of_two_rows_are_one_for_each_column() {
    let mut years = cells(&["Team", "Y2023", "Y2024"]);
    (years[1].columns, years[2].columns) = (2, 2);
    let quarters = cells(&["", "Q1", "Q2", "Q1", "Q2"]);
    let rows = [years, quarters, cells(&["Blues", "1", "2", "3", "4"])];
    let expected = "Team: Blues; Y2023 Q1: 1; Y2023 Q2: 2; Y2024 Q1: 3; Y2024 Q2: 4";
    assert_eq!(lines(&rows)[2], expected);
}

#[test]
fn years_over_several_columns_are_headers_by_themselves() {
    let wide = |text| Cell { columns: 2, ..Cell::new(text) };
    let quarters = cells(&["Team", "Q1", "Q2", "Q1", "Q2"]);
    let years = vec![Cell::new(""), wide("2024"), wide("2025")];
    let rows = [years, quarters, cells(&["Falcon", "1", "2", "3", "4"])];
    let expected = "Team: Falcon; 2024 Q1: 1; 2024 Q2: 2; 2025 Q1: 3; 2025 Q2: 4";
    assert_eq!(lines(&rows)[2], expected);
    let rows = [vec![Cell::new("Team"), wide("2024")], cells(&["", "Q1", "Q2"])];
    let rows = [rows[0].clone(), rows[1].clone(), cells(&["Hobby", "21", "22"])];
    assert_eq!(lines(&rows)[2], "Team: Hobby; 2024 Q1: 21; 2024 Q2: 22");
}

#[test]
fn groups_of_columns_need_not_be_merged() {
    let repeated =
        [&["Team", "Q1", "Q1", "Q2", "Q2"][..], &["", "Plan", "Actual", "Plan", "Actual"]];
    let gaps = [&["Team", "Q1", "", "Q2", ""][..], &["", "Plan", "Actual", "Plan", "Actual"]];
    for [above, below] in [repeated, gaps] {
        let rows = [above, below, &["Blues", "1", "2", "3", "4"], &["Reds", "up", "x", "y", "z"]];
        let expected = [
            "Team: Blues; Q1 Plan: 1; Q1 Actual: 2; Q2 Plan: 3; Q2 Actual: 4",
            "Team: Reds; Q1 Plan: up; Q1 Actual: x; Q2 Plan: y; Q2 Actual: z",
        ];
        assert_eq!(lines(&rows.map(cells))[2..], expected);
    }
    let rows = [&["Team", "Place", "", "Note"][..], &["", "", "up", "x"], &["Reds", "a", "b", "c"]];
    assert_eq!(lines(&rows.map(cells))[2], "Team: Reds; Place: a; Place up: b; Note x: c");
    let rows = [&["Team", "Place", "Note"][..], &["", "up", "x"]];
    assert_eq!(lines(&rows.map(cells))[1], "Place: up; Note: x");
}

#[test]
fn years_are_headers_beside_a_name() {
    let rows = [cells(&["Team", "2023", "2024"]), cells(&["Blues", "1", "2"])];
    assert_eq!(lines(&rows)[1], "Team: Blues; 2023: 1; 2024: 2");
    let rows = [cells(&["Blues", "2023"]), cells(&["Flyers", "2024"])];
    assert_eq!(lines(&rows)[1], "Flyers; 2024");
}

#[test]
fn without_a_budget_nothing_is_repeated() {
    let (mut grid, mut budget) = (Grid::default(), 8);
    grid.row(&cells(&["Team", "City"]), &mut budget);
    grid.row(&cells(&["Blues", "STL"]), &mut budget);
    assert_eq!(grid.row(&cells(&["Flyers", "PHI"]), &mut budget), "Flyers; PHI");
}
