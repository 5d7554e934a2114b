//! Regions: taking a list of them into the tree.

use zhipei_domain::{Actor, ListedRegion, RegionChanges, RegionFault, UnixMs};
use zhipei_storage::{Txn, regions};

use crate::Result;
use crate::audit::done;

/// Takes the list whole, or returns everything that is wrong with it and changes nothing.
pub async fn import(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    list: &[ListedRegion],
) -> Result<std::result::Result<RegionChanges, Vec<RegionFault>>> {
    let changes = match regions::tree(txn).await?.changes(list) {
        Ok(changes) => changes,
        Err(faults) => return Ok(Err(faults)),
    };
    for region in &changes.added {
        regions::insert(txn, region).await?;
    }
    for region in &changes.renamed {
        regions::rename(txn, region).await?;
    }
    let detail = format!("+{} ~{}", changes.added.len(), changes.renamed.len());
    done(
        txn,
        by,
        now,
        "regions.import",
        "regions",
        list.len(),
        &detail,
    )
    .await?;
    Ok(Ok(changes))
}
