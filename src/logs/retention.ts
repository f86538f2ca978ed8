// How long lines are kept where tags have a time of their own. Pure.
import type { Query, QueryNode } from './query/tree.ts'

/** What a project says of its lines, ms. */
export type Retention = { project: string; retentionMs: number; tagRetentionMs: { readonly [tag: string]: number } }

/** How long a project's partitions are kept: as long as its longest-kept line. */
export function longestRetention({ retentionMs, tagRetentionMs }: Retention): number {
  return Math.max(retentionMs, ...Object.values(tagRetentionMs))
}

/**
 * What must go at `now` before its partition does: lines of a tag past the tag's time, and other lines past the project's.
 * A line with several such tags is kept as long as the longest of them.
 */
export function outlived({ project, retentionMs, tagRetentionMs }: Retention, now: number): Query[] {
  const tags = Object.entries(tagRetentionMs)
  const longest = longestRetention({ project, retentionMs, tagRetentionMs })
  const ofProject: QueryNode = { kind: 'field', field: 'project', value: project }
  const without = (keepLonger: number): QueryNode[] =>
    tags.filter(([, ms]) => ms > keepLonger).map(([tag]) => ({ kind: 'not', part: tagged(tag) }))
  const tagQueries = tags
    .filter(([, ms]) => ms < longest)
    .map(([tag, ms]) => older([ofProject, tagged(tag), ...without(ms)], now - ms))
  if (tags.length === 0 || retentionMs === longest) return tagQueries
  const untagged: QueryNode[] = tags.map(([tag]) => ({ kind: 'not', part: tagged(tag) }))
  return [...tagQueries, older([ofProject, ...untagged], now - retentionMs)]
}

function tagged(tag: string): QueryNode {
  return { kind: 'field', field: 'tag', value: tag }
}

function older(parts: readonly QueryNode[], until: number): Query {
  return { where: { kind: 'and', parts }, from: null, until }
}
