//! Writes all sample papers into a folder, to look at them and to print them.

use std::path::PathBuf;

use zhipei_reports::HourList;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    for (name, list) in HourList::samples() {
        let html = list.render("sample")?;
        std::fs::write(folder.join(format!("hour_list_{name}.html")), html)?;
    }
    Ok(())
}
