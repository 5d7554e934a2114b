//! `zhipei-verify`: checks an export of the platform with nothing else at hand.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use zhipei_ledger::Hash;
use zhipei_verify::{Report, Verifier};

/// 核对职培平台导出的学时：不需要数据库，不需要网络，不需要任何密钥
#[derive(Parser)]
#[command(name = "zhipei-verify", version)]
struct Arguments {
    /// 导出文件；不给时读标准输入
    file: Option<PathBuf>,
    /// 另处保存的封存：编号:散列值。没有它，持有平台签名密钥的人可以全部重签
    #[arg(long, value_parser = outside_seal)]
    root: Option<(u64, Hash)>,
}

fn outside_seal(text: &str) -> Result<(u64, Hash), String> {
    let (number, hash) = text.split_once(':').ok_or("须写成 编号:散列值")?;
    let number = number.parse().map_err(|_| "编号不是整数")?;
    let hash = Hash::parse(hash).ok_or("散列值须为 64 位小写十六进制数字")?;
    Ok((number, hash))
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("zhipei-verify: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> io::Result<bool> {
    let input: Box<dyn BufRead> = match &arguments.file {
        Some(file) => Box::new(BufReader::with_capacity(1 << 20, File::open(file)?)),
        None => Box::new(io::stdin().lock()),
    };
    let mut verifier = Verifier::new(arguments.root);
    for line in input.lines() {
        verifier.feed(&line?);
    }
    let report = verifier.finish();
    tell(&report)?;
    Ok(report.faults.is_empty())
}

fn tell(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "已核 {} 名学员、{} 条记录（其中 {} 条尚未封存）、{} 段学时、{} 次封存",
        report.learners, report.entries, report.unsealed, report.intervals, report.seals
    )?;
    for (state, ms) in &report.totals {
        writeln!(out, "{state}: {ms} ms")?;
    }
    if let Some((number, hash)) = report.newest_seal {
        writeln!(out, "最新封存 {number}:{hash}")?;
    }
    for fault in &report.faults {
        writeln!(out, "{fault}")?;
    }
    if report.faults.is_empty() {
        writeln!(out, "没有发现问题。")?;
    }
    Ok(())
}
