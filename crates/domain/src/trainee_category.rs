use std::fmt;

use crate::Rejection;

/// A category of trainees (培训对象类别), by which subsidies are paid. A person may be of several.
///
/// Codes are our own; each partner gets a mapping. Sources: 国办发〔2019〕24 号 and the lists of
/// subsidised persons of Haikou (2025).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraineeCategory(&'static str);

/// Code and word, in the order of the lists.
const CATEGORIES: [(&str, &str); 29] = [
    ("01", "企业职工"),
    ("0101", "在岗职工"),
    ("0102", "新招用职工"),
    ("0103", "转岗职工"),
    ("0104", "劳务派遣职工"),
    ("02", "就业重点群体"),
    ("0201", "毕业学年高校毕业生"),
    ("0202", "城乡未继续升学的应届初高中毕业生"),
    ("0203", "农村转移就业劳动者"),
    ("0204", "城镇登记失业人员"),
    ("0205", "就业困难人员"),
    ("0206", "退役军人"),
    ("0207", "残疾人"),
    ("0208", "零就业家庭成员"),
    ("0209", "刑满释放、戒毒康复等人员"),
    ("03", "脱贫（贫困）劳动力"),
    ("0301", "脱贫家庭子女"),
    ("04", "高危行业领域从业人员"),
    ("0401", "危险化学品从业人员"),
    ("0402", "矿山从业人员"),
    ("0403", "金属冶炼从业人员"),
    ("0404", "建筑施工从业人员"),
    ("0405", "道路运输从业人员"),
    ("0406", "烟花爆竹从业人员"),
    ("0407", "民用爆炸物品从业人员"),
    ("0408", "其他高危行业从业人员"),
    ("05", "高校毕业生"),
    ("06", "灵活就业人员"),
    ("99", "其他"),
];

impl TraineeCategory {
    /// A person chooses so many at most.
    pub const MOST: usize = 5;

    /// The category with this code.
    pub fn parse(code: &str) -> Result<Self, Rejection> {
        CATEGORIES
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(known, _)| Self(known))
            .ok_or(Rejection::UnknownCategory)
    }

    /// The categories of one person: 1 to 5, each once, in the order of the lists.
    pub fn parse_all<'a>(codes: impl IntoIterator<Item = &'a str>) -> Result<Vec<Self>, Rejection> {
        let mut chosen: Vec<Self> = codes
            .into_iter()
            .map(Self::parse)
            .collect::<Result<_, _>>()?;
        chosen.sort_unstable();
        chosen.dedup();
        let fits = (1..=Self::MOST).contains(&chosen.len());
        fits.then_some(chosen).ok_or(Rejection::UnknownCategory)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        CATEGORIES.iter().map(|(code, _)| Self(code))
    }

    /// The code.
    pub fn code(self) -> &'static str {
        self.0
    }

    /// The word on screen and on paper.
    pub fn word(self) -> &'static str {
        let found = CATEGORIES.iter().find(|(code, _)| *code == self.0);
        found.expect("only codes of the list are made").1
    }
}

impl fmt::Display for TraineeCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_of_one_to_five_known_categories() {
        let parse = |codes: &[&str]| TraineeCategory::parse_all(codes.iter().copied());
        assert_eq!(parse(&["0203", "0101", "0203"]).unwrap().len(), 2);
        assert!(parse(&["01", "02", "03", "04", "99"]).is_ok());
        for bad in [
            &[][..],
            &["01", "02", "03", "04", "05", "99"],
            &["7"],
            &[""],
        ] {
            assert_eq!(parse(bad), Err(Rejection::UnknownCategory), "{bad:?}");
        }
        assert_eq!(TraineeCategory::parse("0206").unwrap().word(), "退役军人");
    }

    #[test]
    fn no_code_is_there_twice() {
        let mut codes: Vec<_> = TraineeCategory::all().map(TraineeCategory::code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CATEGORIES.len());
    }
}
