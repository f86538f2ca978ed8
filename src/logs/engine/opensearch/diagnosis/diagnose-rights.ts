// Whether the user of Vakt has its rights, tried by requests that change nothing; and whether the template makes its indexes.
import { type Diagnosis, fails, isWell, warns } from '../../../../diagnosis.ts'
import { reasonOf } from '../client.ts'
import { FOUND, indexNames, LAYOUT, templateName } from '../indexes.ts'
import type { OpenSearchOptions } from '../options.ts'
import { type Ask, may, PART, RIGHTS } from './ask.ts'

const DAY = '1970-01-01.1d.0'

/** The template that makes the index of each day, as the cluster would apply it. */
export async function diagnoseTemplate(ask: Ask, { prefix }: OpenSearchOptions): Promise<Diagnosis[]> {
  const name = templateName(prefix)
  const reply = await ask('GET', `_index_template/${name}`)
  if (reply.status === 404)
    return [
      warns(
        PART,
        `The index template ${name} is not there yet.`,
        'Vakt writes it when it starts. If it runs, "logs status" says why it could not.',
      ),
    ]
  const denied = may(reply, 'read index templates', 'indices:admin/index_template/*')
  if (denied) return [denied]
  const simulated = await ask(
    'POST',
    `_index_template/_simulate_index/${indexNames(prefix).ofPartition('2026-01-01.1d.0')}`,
  )
  // Not every cluster lets a user simulate; what the template says is known anyway.
  if (simulated.status >= 300) return [isWell(PART, `The index template ${name} is there.`)]
  type Simulated = {
    template?: { mappings?: { _meta?: { vakt?: number } } }
    overlapping?: { name: string; index_patterns: string[] }[]
  }
  const { template, overlapping = [] } = simulated.body as Simulated
  if (template?.mappings?._meta?.vakt === LAYOUT) return [isWell(PART, `The index template ${name} applies.`)]
  const others = overlapping.map(own => own.name).filter(own => own !== name)
  const by = others.length > 0 ? ` (${others.join(', ')})` : ''
  return [
    fails(
      PART,
      `Another index template wins over ${name}${by}: new indexes would not have the fields of Vakt.`,
      'Give the other one a lower priority than 500, or patterns that do not match the indexes of Vakt.',
    ),
  ]
}

/** Tries what Vakt does: search, store, delete, drop, and follow tasks. */
export async function diagnoseRights(ask: Ask, { prefix }: OpenSearchOptions): Promise<Diagnosis[]> {
  const names = indexNames(prefix)
  const nothing = { query: { match_none: {} } }
  const list = `_cat/indices/${names.all}?format=json&h=index,health&${FOUND}`
  const listed = await ask('GET', list)
  const rows = Array.isArray(listed.body) ? (listed.body as { index: string; health?: string }[]) : []
  const deleted = await ask('POST', `${names.all}/_delete_by_query?${FOUND}&conflicts=proceed`, nothing)
  // A red index cannot be deleted from, which says nothing of rights; its health is named elsewhere.
  const isRed = deleted.status === 503 && rows.some(({ health }) => health === 'red')
  const tried = [
    may(listed, 'list indexes', 'indices:monitor/*'),
    may(await ask('POST', `${names.all}/_search?${FOUND}`, { ...nothing, size: 0 }), 'search', 'indices:data/read/*'),
    isRed ? null : may(deleted, 'delete lines', 'indices:data/write/delete/byquery'),
    // This index never is.
    may(
      await ask('DELETE', `${names.ofPartition(DAY)}?ignore_unavailable=true`),
      'drop indexes',
      'indices:admin/delete',
    ),
    may(await ask('GET', '_tasks?actions=*byquery'), 'follow tasks', 'cluster:monitor/task*'),
  ]
  const newest = rows
    .map(({ index }) => index)
    .filter(index => names.partitionOf(index) !== null && !index.includes('restor'))
    .sort()
    .at(-1)
  const stored = newest === undefined ? null : await diagnoseStoring(ask, newest)
  const found = [...tried, stored].filter(diagnosis => diagnosis !== null)
  return found.length > 0 ? found : [isWell(PART, 'Vakt may search, store, delete and drop.')]
}

/** A document whose number no document has is never stored: the refusal shows that another one would be. */
async function diagnoseStoring(ask: Ask, index: string): Promise<Diagnosis | null> {
  const action = { index: { _index: index, _id: 'doctor', if_seq_no: 0, if_primary_term: 1e9 } }
  const reply = await ask('POST', '_bulk?timeout=5s', `${JSON.stringify(action)}\n{}\n`)
  const denied = may(reply, 'store lines', 'indices:data/write/bulk')
  if (denied) return denied
  type Item = { index?: { status: number; error?: { type?: string; reason?: string } } }
  const { status = 0, error } = (reply.body as { items?: Item[] }).items?.[0]?.index ?? {}
  if (status === 409) return null
  const reason = reasonOf({ error })
  if (error?.type === 'cluster_block_exception')
    return fails(
      PART,
      `The index ${index} takes no lines (${reason}).`,
      'Make room on the disks of the nodes; the block of a full disk goes by itself, others by the setting index.blocks.',
    )
  if (status === 403)
    return fails(PART, `Vakt may not store lines (${reason}).`, `Give its user "indices:data/write/*"; ${RIGHTS}.`)
  return fails(PART, `The index ${index} takes no lines (${status}: ${reason}).`, 'Look into the log of the cluster.')
}
