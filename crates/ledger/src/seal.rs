//! A seal signs the heads of all chains at one moment.
//!
//! Seal `n` names only the heads that moved since seal `n - 1`; **a learner's newest sealed head is the
//! one with the highest seal number among the learner's sealed heads**. Since each seal names the hash
//! of the one before, the newest seal vouches for all of them, and so for every chain.

use rs_merkle::{Hasher, MerkleProof, MerkleTree};
use zhipei_domain::{LearnerId, UnixMs};

use crate::hash::read_hex;
use crate::{Chain, Hash, Mac, SigningKey, VerifyingKey};

/// A signed statement about all chains. Kept, and handed to the authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    pub at: UnixMs,
    /// Over the heads that moved since the seal before.
    pub root: Hash,
    /// Entries in all chains together.
    pub entries: u64,
    /// Hash of the seal before; zero before the first.
    pub previous: Hash,
    /// The key that signed.
    pub key_id: String,
    /// Ed25519 over the canonical bytes.
    pub signature: [u8; 64],
}

/// A head as a seal found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedHead {
    /// The seal.
    pub number: u64,
    /// Whose chain.
    pub learner: LearnerId,
    /// Number of its last entry then.
    pub seq: u64,
    /// MAC of that entry.
    pub mac: Mac,
    /// Running digest of the chain up to it.
    pub digest: Hash,
}

impl SealedHead {
    /// The leaf of the seal's tree: SHA-256 of `0x00`, learner (16 bytes), seq (u64, big-endian),
    /// MAC (32 bytes), digest (32 bytes).
    pub fn leaf(&self) -> Hash {
        Hash::of(&[
            &[0],
            self.learner.0.as_bytes(),
            &self.seq.to_be_bytes(),
            &self.mac.0,
            &self.digest.0,
        ])
    }
}

impl Seal {
    /// Signs the seal after `previous` over the chains that `moved` since then, in any order.
    /// `entries` counts all chains. Gives the seal and the rows that it rests on.
    pub fn sign(
        key: &SigningKey,
        previous: Option<&Self>,
        at: UnixMs,
        moved: &[Chain],
        entries: u64,
    ) -> (Self, Vec<SealedHead>) {
        let number = previous.map_or(1, |seal| seal.number + 1);
        let mut heads: Vec<SealedHead> = moved
            .iter()
            .map(|chain| SealedHead {
                number,
                learner: chain.learner,
                seq: chain.seq,
                mac: chain.mac,
                digest: chain.digest,
            })
            .collect();
        heads.sort_unstable_by_key(|head| head.learner);
        let mut seal = Self {
            number,
            at,
            root: root(&heads),
            entries,
            previous: previous.map_or(Hash::ZERO, Self::hash),
            key_id: key.key_id().to_owned(),
            signature: [0; 64],
        };
        seal.signature = key.sign(&seal.canonical_bytes());
        (seal, heads)
    }

    /// Names this seal and all before it: what the authority keeps and papers carry.
    pub fn hash(&self) -> Hash {
        Hash::of(&[&self.canonical_bytes(), &self.signature])
    }

    /// The signature as it is stored.
    pub fn signature_hex(&self) -> String {
        hex::encode(self.signature)
    }

    pub(crate) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verifies(&self.canonical_bytes(), &self.signature)
    }

    /// What is signed, in this order; all integers big-endian.
    ///
    /// `"zhipei.ledger.seal"`, version `0x01`, number (u64), at (i64), root (32 bytes), entries
    /// (u64), hash of the seal before (32 bytes), length of the key's name (u32), the key's name.
    fn canonical_bytes(&self) -> Vec<u8> {
        [
            b"zhipei.ledger.seal".as_slice(),
            &[1],
            &self.number.to_be_bytes(),
            &self.at.to_be_bytes(),
            &self.root.0,
            &self.entries.to_be_bytes(),
            &self.previous.0,
            &(self.key_id.len() as u32).to_be_bytes(),
            self.key_id.as_bytes(),
        ]
        .concat()
    }
}

/// A seal as it is stored, which may be anything.
#[derive(Clone, Copy, Debug)]
pub struct SealRow<'a> {
    /// Number of the seal.
    pub number: u64,
    /// When.
    pub at: UnixMs,
    /// Stored form of the root.
    pub root: &'a [u8],
    /// Entries in all chains.
    pub entries: u64,
    /// Stored form of the hash of the seal before.
    pub previous: &'a [u8],
    /// Name of the key.
    pub key_id: &'a [u8],
    /// Stored form of the signature.
    pub signature: &'a [u8],
}

impl SealRow<'_> {
    /// The seal that the row holds. `None` when a text is not what it should be.
    pub fn parse(&self) -> Option<Seal> {
        Some(Seal {
            number: self.number,
            at: self.at,
            root: Hash::parse(self.root)?,
            entries: self.entries,
            previous: Hash::parse(self.previous)?,
            key_id: std::str::from_utf8(self.key_id).ok()?.to_owned(),
            signature: read_hex(self.signature)?,
        })
    }
}

/// A sealed head as it is stored, under the number of its seal.
#[derive(Clone, Copy, Debug)]
pub struct SealedHeadRow {
    /// Whose chain.
    pub learner: LearnerId,
    /// Number of its last entry then.
    pub seq: u64,
    /// MAC of that entry; `None` when the text is not one.
    pub mac: Option<Mac>,
    /// Running digest of the chain up to it; `None` when the text is not one.
    pub digest: Option<Hash>,
}

/// The root over heads sorted by learner.
///
/// A leaf is [`SealedHead::leaf`]; a node is SHA-256 of `0x01`, left, right, and a node without a sibling rises as it is. The root is SHA-256
/// of `"zhipei.ledger.root"`, `0x01`, the number of heads (u64), the tree's top (zero without heads).
pub(crate) fn root(heads: &[SealedHead]) -> Hash {
    let leaves: Vec<[u8; 32]> = heads.iter().map(|head| head.leaf().0).collect();
    let top = MerkleTree::<Nodes>::from_leaves(&leaves)
        .root()
        .unwrap_or(Hash::ZERO.0);
    over(heads.len(), &top)
}

/// The heads of one seal with the tree over them, to show one of them without the others.
pub struct SealedTree {
    heads: Vec<SealedHead>,
    tree: MerkleTree<Nodes>,
}

impl SealedTree {
    /// All heads of one seal, in any order.
    pub fn new(mut heads: Vec<SealedHead>) -> Self {
        heads.sort_unstable_by_key(|head| head.learner);
        let leaves: Vec<[u8; 32]> = heads.iter().map(|head| head.leaf().0).collect();
        let tree = MerkleTree::from_leaves(&leaves);
        Self { heads, tree }
    }

    /// How many heads.
    pub fn count(&self) -> usize {
        self.heads.len()
    }

    /// The learner's head, its place among all, and the siblings that lead from it up to the root.
    pub fn find(&self, learner: LearnerId) -> Option<(&SealedHead, usize, Vec<Hash>)> {
        let index = self
            .heads
            .binary_search_by_key(&learner, |head| head.learner)
            .ok()?;
        let proof = self.tree.proof(&[index]);
        let path = proof.proof_hashes().iter().map(|hash| Hash(*hash));
        Some((&self.heads[index], index, path.collect()))
    }
}

/// The root that a head at `index` of `count` and its siblings lead to; `None` when they cannot
/// belong together.
pub fn root_by(head: &SealedHead, index: usize, count: usize, path: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    let siblings = path.iter().map(|hash| hash.0).collect();
    let top = MerkleProof::<Nodes>::new(siblings)
        .root(&[index], &[head.leaf().0], count)
        .ok()?;
    Some(over(count, &top))
}

fn over(count: usize, top: &[u8; 32]) -> Hash {
    Hash::of(&[
        b"zhipei.ledger.root",
        &[1],
        &(count as u64).to_be_bytes(),
        top,
    ])
}

#[derive(Clone)]
struct Nodes;

impl Hasher for Nodes {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        Hash::of(&[data]).0
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        right.map_or(*left, |right| Hash::of(&[&[1], left, right]).0)
    }
}
