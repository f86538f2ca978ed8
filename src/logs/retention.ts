// The retention of lines where tags have their own. Pure.
import type { Query, QueryNode } from './query/tree.ts'

/** The retention settings of a project, ms. */
export type Retention = { project: string; retentionMs: number; tagRetentionMs: { readonly [tag: string]: number } }

/** The retention of a project's partitions: the longest of any of its lines, ms. */
export function longestRetention({ retentionMs, tagRetentionMs }: Retention): number {
  return Math.max(retentionMs, ...Object.values(tagRetentionMs))
}

/**
 * Queries for lines that expire before their partition does: lines past the retention of their tag, and other lines past the
 * project's. For a line with several such tags the longest retention counts.
 */
export function expiredLines({ project, retentionMs, tagRetentionMs }: Retention, now: number): Query[] {
  const tags = Object.entries(tagRetentionMs)
  const longest = longestRetention({ project, retentionMs, tagRetentionMs })
  const ofProject: QueryNode = { kind: 'field', field: 'project', value: project }
  const without = (retention: number): QueryNode[] =>
    tags.filter(([, ms]) => ms > retention).map(([tag]) => ({ kind: 'not', part: hasTag(tag) }))
  const tagQueries = tags
    .filter(([, ms]) => ms < longest)
    .map(([tag, ms]) => olderThan([ofProject, hasTag(tag), ...without(ms)], now - ms))
  if (tags.length === 0 || retentionMs === longest) return tagQueries
  const untagged: QueryNode[] = tags.map(([tag]) => ({ kind: 'not', part: hasTag(tag) }))
  return [...tagQueries, olderThan([ofProject, ...untagged], now - retentionMs)]
}

function hasTag(tag: string): QueryNode {
  return { kind: 'field', field: 'tag', value: tag }
}

function olderThan(parts: readonly QueryNode[], until: number): Query {
  return { where: { kind: 'and', parts }, from: null, until }
}
