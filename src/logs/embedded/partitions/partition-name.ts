// Names of partitions: one file for each UTC day of receipt, retention class and number, such as `2026-11-21.3d.0`.
import { DAY, formatDuration, parseDuration } from '../../../time.ts'

/** Which lines a partition takes: received on `day` (epoch ms of its UTC start) and kept for `retentionMs`. */
export type PartitionKind = { day: number; retentionMs: number; number: number }

const MAX_RETENTION_MS = 36_500 * DAY

export function dayOf(receivedAt: number): number {
  return Math.floor(receivedAt / DAY) * DAY
}

/** A retention that a partition name can hold: whole milliseconds, at most a century. */
export function clampRetention(retentionMs: number): number {
  return Math.max(0, Math.min(MAX_RETENTION_MS, Math.round(retentionMs)))
}

export function formatPartition({ day, retentionMs, number }: PartitionKind): string {
  return `${new Date(day).toISOString().slice(0, 10)}.${formatDuration(retentionMs)}.${number}`
}

/** Parses a name; null when the text is not one. */
export function parsePartition(name: string): PartitionKind | null {
  const parts = /^(\d{4}-\d{2}-\d{2})\.([a-z0-9]+)\.(\d{1,6})$/.exec(name)
  if (!parts) return null
  const day = Date.parse(parts[1]!)
  const retentionMs = parseDuration(parts[2]!)
  return Number.isNaN(day) || retentionMs === null ? null : { day, retentionMs, number: Number(parts[3]) }
}

/** The instant (epoch ms) from which no line of a partition is within its retention. */
export function expiryOf({ day, retentionMs }: PartitionKind): number {
  return day + DAY + retentionMs
}
