use proptest::prelude::*;
use uuid::Uuid;
use zhipei_domain::{
    Beat, ChallengeId, CheckKind, ClassId, ClockId, CourseId, CreditScope, IntervalId, LearnerId,
    LearningInterval, LessonId, LocalDay, PlayState, TimeState,
};

use super::*;
use crate::pairs;
use crate::{
    AuthKey, AuthKeys, Body, Chain, CheckResult, CreditBody, CreditedInterval, DecisionBody,
    DecisionKind, Entry, EntryRow, Hash, Mac, Seal, SealRow, SealedHead, SealedHeadRow,
    SessionBody, SettlementBody, SigningKey, VerifyingKeys,
};

const START: i64 = 1_772_416_800_000;

fn learner(n: u128) -> LearnerId {
    LearnerId(Uuid::from_u128(0xA000 + n))
}

fn key() -> AuthKey {
    AuthKey::from_bytes("auth-1", [7; 32])
}

fn scope() -> CreditScope {
    CreditScope::Class(ClassId(Uuid::from_u128(0xC1)))
}

fn interval(n: u64) -> IntervalId {
    IntervalId(Uuid::from_u128(0x1000 + u128::from(n)))
}

fn session(n: u64) -> Body {
    SessionBody {
        clock_id: ClockId(Uuid::from_u128(u128::from(n))),
        lesson: LessonId(Uuid::from_u128(1)),
        credit_scope: scope(),
        device_id: "pc-安静的窗口".to_owned(),
        epoch: n,
        policy_version: 1,
        ip: Some("127.0.0.1".to_owned()),
    }
    .into()
}

fn credit(n: u64) -> Body {
    let from = START + n.cast_signed() * 60_000;
    CreditBody {
        credit_scope: scope(),
        lesson: LessonId(Uuid::from_u128(1)),
        course: CourseId(Uuid::from_u128(2)),
        clock_id: ClockId(Uuid::from_u128(3)),
        device_id: "pc-1".to_owned(),
        epoch: 1,
        policy_version: 1,
        intervals: vec![CreditedInterval {
            id: interval(n),
            state: TimeState::Pending,
            day: LocalDay::of(from),
            media: [n.cast_signed() * 10_000, n.cast_signed() * 10_000 + 10_000],
            server: [from, from + 10_000],
            ms: 10_000,
        }],
        pairs: pairs::encode(&[Beat {
            seq: 1,
            arrived_at: from,
            client_ms: 0,
            position_ms: 0,
            state: PlayState::Playing,
            rate_thousandths: 1_000,
        }]),
    }
    .into()
}

fn settlement(intervals: &[u64], result: CheckResult) -> Body {
    SettlementBody {
        challenge: ChallengeId(Uuid::from_u128(9)),
        credit_scope: scope(),
        kind: CheckKind::Face,
        closing: false,
        result,
        rounds: 1,
        group: (result == CheckResult::Frozen).then_some(1),
        at: START + 3_600_000,
        ms: intervals.len() as i64 * 10_000,
        intervals: intervals.iter().map(|&n| interval(n)).collect(),
    }
    .into()
}

fn decision(intervals: &[u64], decision: DecisionKind) -> Body {
    DecisionBody {
        credit_scope: scope(),
        group: 1,
        decision,
        decided_by: "staff".to_owned(),
        reason: "照片与本人一致".to_owned(),
        at: START + 7_200_000,
        ms: intervals.len() as i64 * 10_000,
        intervals: intervals.iter().map(|&n| interval(n)).collect(),
    }
    .into()
}

fn chain_of(who: LearnerId, bodies: &[Body]) -> (Vec<Entry>, Chain) {
    let key = key();
    let mut chain = Chain::new(who);
    let entries = (0..)
        .zip(bodies)
        .map(|(n, body)| chain.append(&key, START + n, body))
        .collect();
    (entries, chain)
}

/// A row that an attacker may change at will.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    seq: u64,
    kind: Vec<u8>,
    at: i64,
    body: Vec<u8>,
    mac: Vec<u8>,
}

impl From<&Entry> for Row {
    fn from(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            kind: entry.kind.as_str().into(),
            at: entry.at,
            body: entry.body.clone().into(),
            mac: entry.mac.to_string().into(),
        }
    }
}

impl Row {
    fn view(&self) -> EntryRow<'_> {
        EntryRow {
            seq: self.seq,
            kind: &self.kind,
            at: self.at,
            body: &self.body,
            mac: Mac::parse(&self.mac),
        }
    }
}

fn rows(count: u64) -> (Vec<Row>, Chain) {
    let bodies: Vec<Body> = (1..=count).map(credit).collect();
    let (entries, chain) = chain_of(learner(1), &bodies);
    (entries.iter().map(Row::from).collect(), chain)
}

/// The head at the last of some honest rows.
fn head_of(rows: &[Row]) -> Chain {
    let mut head = Chain::new(learner(1));
    for row in rows {
        head.seq = row.seq;
        head.mac = Mac::parse(&row.mac).expect("an honest row");
        head.digest = crate::digest(head.digest, &row.view());
    }
    head
}

/// The last of some honest rows, sealed.
fn sealed(number: u64, rows: &[Row]) -> SealedHead {
    let head = head_of(rows);
    SealedHead {
        number,
        learner: head.learner,
        seq: head.seq,
        mac: head.mac,
        digest: head.digest,
    }
}

fn verify(rows: &[Row], sealed: &[SealedHead], chain: Option<&Chain>) -> Vec<Finding> {
    let keys = AuthKeys::from(key());
    let mut verifier = ChainVerifier::new(learner(1), &keys, sealed.iter().copied());
    for row in rows {
        verifier.check(&row.view());
    }
    verifier.finish(chain)
}

fn renumber(rows: &mut [Row]) {
    for (seq, row) in (1..).zip(rows) {
        row.seq = seq;
    }
}

#[test]
fn an_honest_chain_has_no_finding() {
    let (rows, chain) = rows(9);
    let heads = [sealed(1, &rows[..4]), sealed(2, &rows[..9])];
    assert_eq!(verify(&rows, &heads, Some(&chain)), []);
    assert_eq!(verify(&[], &[], None), []);
    assert_eq!(verify(&[], &[], Some(&Chain::new(learner(1)))), []);
}

#[test]
fn entries_of_an_older_key_verify_after_a_rotation() {
    let newer = AuthKey::from_bytes("auth-2", [8; 32]);
    let mut chain = Chain::new(learner(1));
    let mut rows = Vec::new();
    for n in 1..=6 {
        let key = if n < 4 { key() } else { newer.clone() };
        rows.push(Row::from(&chain.append(&key, START, &credit(n))));
    }
    let keys = AuthKeys::new(vec![newer, key()]).expect("two keys");
    let mut verifier = ChainVerifier::new(learner(1), &keys, []);
    for row in &rows {
        verifier.check(&row.view());
    }
    assert_eq!(verifier.finish(Some(&chain)), []);
    let found = verify(&rows, &[], Some(&chain));
    assert!(matches!(
        found[0],
        Finding::EntriesRewritten { from: 4, to: 6, .. }
    ));
}

#[test]
fn a_deleted_entry_is_named() {
    let (mut rows, chain) = rows(9);
    rows.remove(4);
    let expected = Finding::EntriesMissing {
        learner: learner(1),
        from: 5,
        to: 5,
    };
    assert_eq!(
        verify(&rows, &[], Some(&chain)),
        std::slice::from_ref(&expected)
    );
    renumber(&mut rows);
    assert_eq!(verify(&rows, &[], Some(&chain))[0], expected);
}

#[test]
fn an_inserted_entry_is_named() {
    let (honest, chain) = rows(9);
    let expected = |from, to| Finding::EntriesInserted {
        learner: learner(1),
        from,
        to,
    };
    let mut rows = honest.clone();
    rows.insert(4, honest[6].clone());
    renumber(&mut rows);
    assert_eq!(verify(&rows, &[], Some(&chain))[0], expected(5, 5));

    let mut rows = honest.clone();
    rows.insert(0, honest[6].clone());
    rows.insert(0, honest[7].clone());
    renumber(&mut rows);
    assert_eq!(verify(&rows, &[], Some(&chain))[0], expected(1, 2));

    let mut rows = honest.clone();
    rows.push(honest[2].clone());
    renumber(&mut rows);
    assert_eq!(verify(&rows, &[], Some(&chain))[0], expected(10, 10));
}

#[test]
fn a_tail_deleted_after_its_head_was_sealed_is_named() {
    let (mut rows, _) = rows(9);
    let heads = [sealed(1, &rows[..4]), sealed(2, &rows[..9])];
    rows.truncate(7);
    // The attacker sets the stored head back, too.
    let mut chain = Chain::new(learner(1));
    chain.seq = 7;
    chain.mac = Mac::parse(&rows[6].mac).expect("an honest row");
    let tail = |last| Finding::TailMissing {
        learner: learner(1),
        last,
        sealed: 9,
        number: 2,
    };
    assert_eq!(verify(&rows, &heads, Some(&chain)), [tail(7)]);
    assert_eq!(verify(&[], &heads, None), [tail(0)]);
}

#[test]
fn a_suffix_hashed_anew_without_the_key_is_named() {
    let (rows, chain) = rows(9);
    let guess = AuthKey::from_bytes("auth-1", [0; 32]);
    let mut forged = rows[..5].to_vec();
    let mut head = head_of(&rows[..5]);
    for n in 16..20 {
        forged.push(Row::from(&head.append(&guess, START, &credit(n))));
    }
    let expected = Finding::EntriesRewritten {
        learner: learner(1),
        from: 6,
        to: 9,
    };
    assert_eq!(
        verify(&forged, &[], Some(&head)),
        std::slice::from_ref(&expected)
    );
    assert_eq!(verify(&forged, &[], Some(&chain))[0], expected);
}

#[test]
fn a_suffix_hashed_anew_with_the_key_is_named_by_its_seal() {
    let (rows, _) = rows(9);
    let heads = [sealed(1, &rows[..4]), sealed(2, &rows[..9])];
    let mut forged = rows[..5].to_vec();
    let mut head = head_of(&rows[..5]);
    for n in 16..20 {
        forged.push(Row::from(&head.append(&key(), START, &credit(n))));
    }
    let expected = Finding::SealedHeadDiffers {
        learner: learner(1),
        from: 5,
        seq: 9,
        number: 2,
    };
    assert_eq!(verify(&forged, &heads, Some(&head)), [expected]);
}

#[test]
fn two_rows_in_the_wrong_order_are_named() {
    let (mut rows, chain) = rows(9);
    rows.swap(3, 4);
    let found = verify(&rows, &[], Some(&chain));
    assert!(found.contains(&Finding::EntryOutOfOrder {
        learner: learner(1),
        seq: 4
    }));
    renumber(&mut rows);
    assert!(!verify(&rows, &[], Some(&chain)).is_empty());
}

fn flip(bytes: &mut [u8], at: usize, bit: u8) {
    let index = at % bytes.len();
    bytes[index] ^= 1 << bit;
}

proptest! {
    #[test]
    fn one_flipped_bit_anywhere_is_named(
        count in 1_u64..8, victim in any::<prop::sample::Index>(), field in 0_u8..5,
        at in any::<usize>(), bit in 0_u8..8,
    ) {
        let (mut rows, chain) = rows(count);
        let index = victim.index(rows.len());
        let seq = rows[index].seq;
        let row = &mut rows[index];
        match field {
            0 => flip(&mut row.kind, at, bit),
            1 => row.at ^= 1 << (at % 64),
            2 => flip(&mut row.body, at, bit),
            3 => flip(&mut row.mac, at, bit),
            _ => row.seq ^= 1 << (at % 64),
        }
        if field == 4 {
            rows.sort_by_key(|row| row.seq);
        }
        let found = verify(&rows, &[], Some(&chain));
        prop_assert!(!found.is_empty());
        if field < 4 {
            let named = Finding::EntryAltered { learner: learner(1), seq };
            prop_assert_eq!(&found[0], &named, "{:?}", &found);
        }
    }

    #[test]
    fn any_deletion_insertion_repetition_or_swap_is_found(
        count in 2_u64..10, change in 0_u8..4, a in any::<prop::sample::Index>(),
        b in any::<prop::sample::Index>(), renumbered in any::<bool>(),
    ) {
        let (mut rows, chain) = rows(count);
        let (a, b) = (a.index(rows.len()), b.index(rows.len()));
        let honest = rows.clone();
        match change {
            0 => { rows.remove(a); }
            1 => rows.insert(b, honest[a].clone()),
            2 => rows.swap(a, b),
            _ => rows.truncate(a),
        }
        if renumbered {
            renumber(&mut rows);
        }
        prop_assume!(rows != honest);
        let head = sealed(1, &honest);
        prop_assert!(!verify(&rows, &[head], Some(&chain)).is_empty());
        // Nor when the stored head is made to fit.
        let fitted = rows.last().map(|row| Chain { seq: row.seq, mac: Mac::parse(&row.mac).expect("an honest row"), ..head_of(&rows) });
        prop_assert!(!verify(&rows, &[head], fitted.as_ref()).is_empty());
    }

    #[test]
    fn several_deleted_or_inserted_rows_are_named_under_new_numbers(
        count in 4_u64..14, from in 1_usize..3, several in 1_usize..5, insert in any::<bool>(),
    ) {
        let (mut rows, chain) = rows(count + several as u64);
        let named = if insert {
            let copies: Vec<Row> = rows.iter().rev().take(several).cloned().collect();
            rows.splice(from..from, copies);
            Finding::EntriesInserted { learner: learner(1), from: from as u64 + 1, to: (from + several) as u64 }
        } else {
            rows.drain(from..from + several);
            Finding::EntriesMissing { learner: learner(1), from: from as u64 + 1, to: (from + several) as u64 }
        };
        renumber(&mut rows);
        prop_assert_eq!(&verify(&rows, &[], Some(&chain))[0], &named);
    }
}

/// Stored seals with their heads, to be changed at will.
struct Seals {
    list: Vec<Seal>,
    heads: Vec<Vec<SealedHeadRow>>,
    signing: SigningKey,
}

impl Seals {
    fn new() -> Self {
        let signing = SigningKey::from_bytes("sign-1", &[5; 32]);
        let mut chains: Vec<Chain> = (1..=5).map(|n| Chain::new(learner(n))).collect();
        let (mut seals, mut heads): (Vec<Seal>, Vec<Vec<SealedHeadRow>>) = (Vec::new(), Vec::new());
        let mut entries = 0;
        for round in 0..4_usize {
            let mut moved = Vec::new();
            // No chain moves in the third round.
            for (n, chain) in chains
                .iter_mut()
                .enumerate()
                .filter(|(n, _)| round != 2 && n % 3 != round)
            {
                for _ in 0..=n {
                    chain.append(&key(), START, &credit(1));
                    entries += 1;
                }
                moved.push(*chain);
            }
            moved.reverse();
            let (seal, rows) = Seal::sign(
                &signing,
                seals.last(),
                START + round as i64,
                &moved,
                entries,
            );
            heads.push(
                rows.iter()
                    .map(|head| SealedHeadRow {
                        learner: head.learner,
                        seq: head.seq,
                        mac: Some(head.mac),
                        digest: Some(head.digest),
                    })
                    .collect(),
            );
            seals.push(seal);
        }
        Self {
            list: seals,
            heads,
            signing,
        }
    }

    fn verify(&self) -> Vec<Finding> {
        self.verify_with(&[])
    }

    fn verify_with(&self, outside: &[(u64, Hash)]) -> Vec<Finding> {
        let keys = VerifyingKeys::from(self.signing.verifying_key());
        let mut verifier = SealVerifier::new(&keys);
        for &(number, hash) in outside {
            verifier = verifier.with_outside_copy(number, hash);
        }
        for (seal, heads) in self.list.iter().zip(&self.heads) {
            let (root, previous) = (seal.root.to_string(), seal.previous.to_string());
            let signature = seal.signature_hex();
            let row = SealRow {
                number: seal.number,
                at: seal.at,
                root: root.as_bytes(),
                entries: seal.entries,
                previous: previous.as_bytes(),
                key_id: seal.key_id.as_bytes(),
                signature: signature.as_bytes(),
            };
            verifier.check(&row, heads);
        }
        verifier.finish().0
    }
}

#[test]
fn honest_seals_have_no_finding_and_give_the_newest_heads() {
    let seals = Seals::new();
    let copies: Vec<(u64, Hash)> = seals
        .list
        .iter()
        .map(|seal| (seal.number, seal.hash()))
        .collect();
    assert_eq!(seals.verify_with(&copies), []);
    assert_eq!(seals.list[2].root, crate::seal::root(&[]));
}

#[test]
fn what_is_wrong_with_a_seal_is_named() {
    let mut changed = Seals::new();
    changed.list[1].at += 1;
    let found = changed.verify();
    assert_eq!(found[0], Finding::SealSignatureWrong { number: 2 });
    assert_eq!(found[1], Finding::SealChainBroken { number: 3 });

    let mut head = Seals::new();
    head.heads[1][0].mac = Some(Mac([1; 32]));
    assert_eq!(head.verify(), [Finding::SealRootWrong { number: 2 }]);

    let mut dropped = Seals::new();
    dropped.heads[1].pop();
    assert!(
        dropped
            .verify()
            .contains(&Finding::SealRootWrong { number: 2 })
    );

    let mut missing = Seals::new();
    missing.list.remove(1);
    missing.heads.remove(1);
    assert_eq!(
        missing.verify()[0],
        Finding::SealsMissing { from: 2, to: 2 }
    );

    let mut foreign = Seals::new();
    foreign.list[3].key_id = "sign-2".to_owned();
    assert!(matches!(
        foreign.verify()[0],
        Finding::SealKeyUnknown { number: 4, .. }
    ));
}

#[test]
fn a_seal_signed_anew_is_found_by_its_successor_or_the_copy_outside() {
    let honest = Seals::new();
    let copy = honest.list[3].hash();
    let mut forged = Seals::new();
    let (seal, heads) = Seal::sign(&forged.signing, Some(&forged.list[0]), START, &[], 999);
    forged.list[1] = seal;
    forged.heads[1] = Vec::new();
    assert!(heads.is_empty());
    assert!(
        forged
            .verify()
            .contains(&Finding::SealChainBroken { number: 3 })
    );

    let mut last = Seals::new();
    let (seal, _) = Seal::sign(
        &last.signing,
        Some(&last.list[2]),
        START,
        &[],
        last.list[2].entries,
    );
    last.list[3] = seal;
    last.heads[3] = Vec::new();
    assert_eq!(last.verify(), []);
    assert_eq!(
        last.verify_with(&[(4, copy)]),
        [Finding::OutsideSealDiffers { number: 4 }]
    );
    last.list.pop();
    assert_eq!(
        last.verify_with(&[(4, copy)]),
        [Finding::OutsideSealMissing { number: 4 }]
    );
}

#[test]
fn a_head_that_goes_back_is_named() {
    let mut seals = Seals::new();
    let back = Chain {
        learner: learner(5),
        seq: 1,
        mac: Mac([2; 32]),
        digest: Hash([3; 32]),
    };
    let (seal, heads) = Seal::sign(&seals.signing, seals.list.last(), START, &[back], 1);
    seals.list.push(seal);
    seals.heads.push(
        heads
            .iter()
            .map(|head| SealedHeadRow {
                learner: head.learner,
                seq: head.seq,
                mac: Some(head.mac),
                digest: Some(head.digest),
            })
            .collect(),
    );
    assert!(seals.verify().contains(&Finding::SealedHeadWentBack {
        number: 5,
        learner: learner(5)
    }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn one_flipped_bit_of_a_seal_or_its_heads_is_found(
        victim in 0_usize..4, field in 0_u8..7, at in any::<usize>(), bit in 0_u8..8,
    ) {
        let mut stored = Seals::new();
        let seal = &mut stored.list[victim];
        match field {
            0 => seal.at ^= 1 << (at % 64),
            1 => flip(&mut seal.root.0, at, bit),
            2 => seal.entries ^= 1 << (at % 64),
            3 => flip(&mut seal.previous.0, at, bit),
            4 => flip(&mut seal.signature, at, bit),
            5 => seal.number ^= 1 << (at % 64),
            _ => {
                let heads = &mut stored.heads[victim];
                prop_assume!(!heads.is_empty());
                let index = at % heads.len();
                heads[index].seq ^= 1 << bit;
            }
        }
        prop_assert!(!stored.verify().is_empty());
    }
}

fn audited(bodies: &[Body]) -> (Vec<Entry>, Vec<LearningInterval>) {
    let (entries, _) = chain_of(learner(1), bodies);
    let mut audit = IntervalsAudit::new(learner(1));
    for entry in &entries {
        audit.replay(&entry.row());
    }
    let mut rows: Vec<LearningInterval> = audit.implied().cloned().collect();
    rows.sort_by_key(|row| row.id);
    (entries, rows)
}

fn audit(entries: &[Entry], rows: &[LearningInterval]) -> Vec<Finding> {
    let mut audit = IntervalsAudit::new(learner(1));
    for entry in entries {
        audit.replay(&entry.row());
    }
    audit.finish(rows)
}

fn a_history() -> Vec<Body> {
    vec![
        session(1),
        credit(1),
        credit(2),
        settlement(&[1, 2], CheckResult::Passed),
        credit(3),
        settlement(&[3], CheckResult::Missed),
        credit(4),
        credit(5),
        settlement(&[4], CheckResult::Frozen),
        decision(&[4], DecisionKind::Restore),
    ]
}

#[test]
fn the_ledger_implies_the_state_of_each_interval() {
    let (entries, rows) = audited(&a_history());
    let states: Vec<TimeState> = rows.iter().map(|row| row.state).collect();
    assert_eq!(
        states,
        [
            TimeState::Verified,
            TimeState::Verified,
            TimeState::Void,
            TimeState::Verified,
            TimeState::Pending
        ]
    );
    assert_eq!(rows[2].void_at, Some(START + 3_600_000));
    assert_eq!(rows[3].frozen_group, Some(1));
    assert_eq!(audit(&entries, &rows), []);
}

#[test]
fn a_changed_missing_or_extra_row_of_an_interval_is_named() {
    let (entries, honest) = audited(&a_history());
    let mut rows = honest.clone();
    rows[2].state = TimeState::Verified;
    assert_eq!(
        audit(&entries, &rows),
        [Finding::IntervalChanged {
            learner: learner(1),
            interval: interval(3),
            field: "state",
            ledger: "void".to_owned(),
            row: "verified".to_owned(),
        }]
    );
    let mut rows = honest.clone();
    let extra = LearningInterval {
        id: interval(77),
        ..rows.remove(0)
    };
    rows.push(extra);
    assert_eq!(
        audit(&entries, &rows),
        [
            Finding::IntervalExtra {
                learner: learner(1),
                interval: interval(77)
            },
            Finding::IntervalMissing {
                learner: learner(1),
                interval: interval(1)
            },
        ]
    );
}

#[test]
fn entries_that_contradict_each_other_are_named() {
    let (entries, rows) = audited(&[
        credit(1),
        credit(1),
        settlement(&[1, 2], CheckResult::Passed),
    ]);
    let unfounded = |seq, n| Finding::EntryUnfounded {
        learner: learner(1),
        seq,
        interval: interval(n),
    };
    assert_eq!(
        audit(&entries, &rows),
        [
            unfounded(2, 1),
            unfounded(3, 2),
            Finding::SumDiffers {
                learner: learner(1),
                seq: 3,
                stated_ms: 20_000,
                found_ms: 10_000
            },
        ]
    );
}

proptest! {
    #[test]
    fn any_changed_column_of_any_interval_is_named(victim in 0_usize..5, column in 0_usize..17) {
        let (entries, mut rows) = audited(&a_history());
        let row = &mut rows[victim];
        let id = Uuid::from_u128(0xBAD);
        let field = match column {
            0 => { row.learner = LearnerId(id); "learner_id" }
            1 => { row.credit_scope = CreditScope::Platform; "credit_scope" }
            2 => { row.course = CourseId(id); "course_id" }
            3 => { row.lesson = LessonId(id); "lesson_id" }
            4 => { row.state = TimeState::OverCap; "state" }
            5 => { row.day.0 += 1; "day" }
            6 => { row.media_from -= 1; "media_from" }
            7 => { row.media_to += 1; "media_to" }
            8 => { row.server_from -= 1; "server_from" }
            9 => { row.server_to += 1; "server_to" }
            10 => { row.ms += 1; "ms" }
            11 => { row.policy_version += 1; "policy_version" }
            12 => { row.device_id.push('x'); "device_id" }
            13 => { row.clock = ClockId(id); "clock_id" }
            14 => { row.frozen_group = Some(7); "frozen_group" }
            15 => { row.void_at = Some(1); "void_at" }
            _ => { row.challenge = Some(ChallengeId(id)); "challenge_id" }
        };
        let found = audit(&entries, &rows);
        let named = matches!(&found[..], [Finding::IntervalChanged { field: found, .. }] if *found == field);
        prop_assert!(named, "{:?}", found);
    }
}

#[test]
fn bodies_read_back_as_they_were_written() {
    for body in a_history() {
        assert_eq!(Body::parse(body.kind(), body.to_json()), Some(body));
    }
    let (entries, _) = chain_of(learner(1), &[session(1)]);
    assert_eq!(
        entries[0].body,
        r#"{"clock_id":"00000000-0000-0000-0000-000000000001","lesson":"00000000-0000-0000-0000-000000000001","credit_scope":"00000000-0000-0000-0000-0000000000c1","device_id":"pc-安静的窗口","epoch":1,"policy_version":1,"ip":"127.0.0.1"}"#
    );
}

/// The published rule, as numbers: another implementation must come to the same.
#[test]
fn canonical_bytes_never_change() {
    let (entries, chain) = chain_of(learner(1), &[session(1), credit(1)]);
    let (seal, _) = Seal::sign(
        &SigningKey::from_bytes("sign-1", &[5; 32]),
        None,
        START,
        &[chain],
        2,
    );
    assert_eq!(
        [
            Chain::new(learner(1)).mac.to_string(),
            entries[0].mac.to_string(),
            entries[1].mac.to_string(),
            chain.digest.to_string(),
            seal.root.to_string(),
            seal.hash().to_string(),
        ],
        [
            "1c71a96915e018a6e96e6eda6a921865d216d2033b90317e9fd9796e3993fdff",
            "b08b5db2f1a1b7df3ac13980b1c6eaff5c1993e562836707ffd0795f09c4e048",
            "ced426da67e37a3d964ff460945037d46dff06bcb8c6fe118c8b6938557447eb",
            "92689be376dbd111429ec52bd85231038a90e9631436f546099172d2aea71b25",
            "5e9f40f9ff6c09e4f17805bb57c9389f77fca4f3165c7fcc4f3b1ad4f879491d",
            "e676010a5c63f14c7133d5d8618f27c5a06ff99426b3b0c45abd5e8d0a4f88e0",
        ]
    );
}

#[test]
fn a_digest_that_is_not_of_the_entries_is_named() {
    let (rows, mut chain) = rows(5);
    let mut head = sealed(1, &rows[..4]);
    assert_eq!(verify(&rows, &[head], Some(&chain)), []);
    head.digest = Hash([7; 32]);
    let differs = Finding::SealedHeadDiffers {
        learner: learner(1),
        from: 1,
        seq: 4,
        number: 1,
    };
    assert_eq!(verify(&rows, &[head], Some(&chain)), [differs]);
    chain.digest = Hash([7; 32]);
    let differs = Finding::ChainRowDiffers {
        learner: learner(1),
        last: 5,
        row: 5,
    };
    assert_eq!(verify(&rows, &[], Some(&chain)), [differs]);
}

#[test]
fn keys_are_never_shown() {
    assert_eq!(format!("{:?}", key()), "AuthKey(auth-1, redacted)");
    let signing = SigningKey::from_bytes("sign-1", &[5; 32]);
    assert_eq!(format!("{signing:?}"), "SigningKey(sign-1, redacted)");
}
