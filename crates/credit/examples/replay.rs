//! Reads one history in the format of the golden histories on standard input and prints what the
//! engine makes of it. The engine is the one that runs in the server.

use std::io::Read as _;

#[path = "../tests/golden/harness.rs"]
mod harness;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let answered = harness::replay(serde_json::from_str(&text)?, &mut |_, hours, _| hours);
    println!("{}", serde_json::to_string(&answered)?);
    Ok(())
}
