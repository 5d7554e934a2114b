/** Heartbeats in IndexedDB. One database for the origin; rows name their learner, as school computers are shared. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Heartbeat } from './messages'
import type { ClockRow, Draft, HeartbeatStore, StoredClock } from './ports'

interface Schema extends DBSchema {
  clocks: { key: string; value: ClockRow; indexes: { learner: string } }
  heartbeats: { key: [string, number]; value: Heartbeat & { clock_id: string } }
  drafts: { key: string; value: Draft & { clock_id: string } }
}

const DATABASE = 'zhipei-learning'

export class IdbHeartbeatStore implements HeartbeatStore {
  private readonly database: Promise<IDBPDatabase<Schema>>

  constructor(name: string = DATABASE) {
    this.database = openDB<Schema>(name, 1, {
      upgrade(db) {
        db.createObjectStore('clocks', { keyPath: 'clock_id' }).createIndex('learner', 'learner_id')
        db.createObjectStore('heartbeats', { keyPath: ['clock_id', 'seq'] })
        db.createObjectStore('drafts', { keyPath: 'clock_id' })
      },
    })
    // Each call reports its own failure; this one only keeps a forbidden database from being an unhandled rejection.
    this.database.catch(() => undefined)
  }

  async load(learnerId: string): Promise<StoredClock[]> {
    const db = await this.database
    const rows = await db.getAllFromIndex('clocks', 'learner', learnerId)
    return Promise.all(
      rows.map(async (row) => {
        const items = await db.getAll('heartbeats', ofClock(row.clock_id))
        const draft = await db.get('drafts', row.clock_id)
        return { ...row, items: items.map(withoutClock), draft: draft ? withoutClock(draft) : null }
      }),
    )
  }

  async startClock(row: ClockRow): Promise<void> {
    await (await this.database).put('clocks', row)
  }

  async add(clockId: string, item: Heartbeat): Promise<void> {
    const tx = (await this.database).transaction(['heartbeats', 'drafts'], 'readwrite')
    await Promise.all([
      tx.objectStore('heartbeats').put({ ...item, clock_id: clockId }),
      tx.objectStore('drafts').delete(clockId),
      tx.done,
    ])
  }

  async writeDraft(clockId: string, draft: Draft): Promise<void> {
    await (await this.database).put('drafts', { ...draft, clock_id: clockId })
  }

  async acknowledged(clockId: string, seq: number): Promise<void> {
    const tx = (await this.database).transaction(['clocks', 'heartbeats'], 'readwrite')
    const row = await tx.objectStore('clocks').get(clockId)
    if (row) await tx.objectStore('clocks').put({ ...row, acked_seq: Math.max(row.acked_seq, seq) })
    await tx.objectStore('heartbeats').delete(ofClock(clockId, seq))
    await tx.done
  }

  async drop(clockId: string): Promise<void> {
    const tx = (await this.database).transaction(['clocks', 'heartbeats', 'drafts'], 'readwrite')
    await Promise.all([
      tx.objectStore('clocks').delete(clockId),
      tx.objectStore('heartbeats').delete(ofClock(clockId)),
      tx.objectStore('drafts').delete(clockId),
      tx.done,
    ])
  }
}

function ofClock(clockId: string, upTo: number = Number.MAX_SAFE_INTEGER): IDBKeyRange {
  return IDBKeyRange.bound([clockId, 0], [clockId, upTo])
}

function withoutClock<T extends { clock_id: string }>({ clock_id: _, ...rest }: T): Omit<T, 'clock_id'> {
  return rest
}
