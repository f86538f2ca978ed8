// Zones as log lines name them: offsets, abbreviations, names of the tz database; and the instant of a local time.
const MINUTE = 60_000
/** How many local quarter hours are remembered for each zone. */
const MAX_OFFSETS = 2_000
const QUARTER_MS = 15 * MINUTE

/** How times without a zone are read, and what fills a missing year or day. */
export type TimeContext = {
  /** When the line was received, epoch ms. */
  receivedAt: number
  /** The zone (tz database) of times that name none. */
  timeZone: string
  /** The zone of a source, where sources have zones of their own. */
  zoneOf?(source: string): string
}

/**
 * The offsets (hours) that an abbreviation stands for somewhere in the world. One offset decides by itself; of several the
 * sender's zone decides, and otherwise the time stays unread. As listed by timeanddate.com and the tz database.
 */
const ABBREVIATIONS: { readonly [name: string]: readonly number[] } = {
  ...{ Z: [0], UTC: [0], GMT: [0], UT: [0], WET: [0], WEST: [1], CET: [1], CEST: [2], MEZ: [1], MESZ: [2] },
  ...{ EET: [2], EEST: [3], MSK: [3], MSD: [4], TRT: [3], SAST: [2], WAT: [1], CAT: [2], EAT: [3] },
  ...{ PKT: [5], NPT: [5.75], ICT: [7], WIB: [7], WITA: [8], WIT: [9], HKT: [8], SGT: [8], PHT: [8], PHST: [8] },
  ...{ JST: [9], KST: [9], AWST: [8], ACST: [9.5], ACDT: [10.5], AEST: [10], AEDT: [11], NZST: [12], NZDT: [13] },
  ...{ CHST: [10], HST: [-10], AKST: [-9], AKDT: [-8], PDT: [-7], MDT: [-6], EDT: [-4], NST: [-3.5], NDT: [-2.5] },
  ...{ ART: [-3], BRT: [-3], BRST: [-2], CLT: [-4], CLST: [-3], COT: [-5], PET: [-5], VET: [-4], UYT: [-3] },
  ...{ EST: [-5, 10], MST: [-7, 6.5, 8], PST: [-8, 8], CST: [-6, 8, -5], CDT: [-5, -4], AST: [-4, 3], ADT: [-3, 4] },
  ...{ IST: [5.5, 2, 1], BST: [1, 6, 11], GST: [4, -2], SST: [-11, 8], WST: [8, 13], AMT: [4, -4], ECT: [-5, -4] },
  ...{ IDT: [3], KGT: [6], UZT: [5], YEKT: [5], NOVT: [7], KRAT: [7], IRKT: [8], VLAT: [10], MAGT: [11] },
}

/** The context for the times of a source. */
export function contextOf<C extends TimeContext>(context: C, source: string): C {
  return context.zoneOf === undefined || source === '' ? context : { ...context, timeZone: context.zoneOf(source) }
}

/** Whether a word is the abbreviation of a zone. */
export function isAbbreviation(word: string): boolean {
  return Object.hasOwn(ABBREVIATIONS, word)
}

/**
 * The instant (epoch ms) of a local time, `local` being that time as if it were UTC. `zone` is an offset (`+01:00`, `+01`,
 * `-0530`), an abbreviation, or a name of the tz database; empty for the context's. Null when the zone is unknown or
 * ambiguous.
 */
export function instantOf(local: number, zone: string, context: TimeContext): number | null {
  if (zone === '') return local - offsetAt(context.timeZone, local)
  const offset = readOffset(zone)
  if (offset !== null) return local - offset
  const hours = Object.hasOwn(ABBREVIATIONS, zone) ? ABBREVIATIONS[zone]! : null
  if (hours === null) return zone.includes('/') && isZone(zone) ? local - offsetAt(zone, local) : null
  if (hours.length === 1) return local - hours[0]! * 60 * MINUTE
  const own = offsetAt(context.timeZone, local)
  return hours.some(candidate => candidate * 60 * MINUTE === own) ? local - own : null
}

/** The offset from UTC (ms) of an offset text, null for any other text and for one beyond 18 hours. */
function readOffset(text: string): number | null {
  const found = /^([+-])(\d\d):?(\d\d)?$/.exec(text)
  if (!found) return null
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0)
  return minutes > 18 * 60 ? null : (found[1] === '-' ? -minutes : minutes) * MINUTE
}

const offsets = new Map<string, Map<number, number>>()

/**
 * The offset (ms) of a zone at a local time. A time that occurs twice is the first one; one that is skipped counts from the
 * offset before (RFC 5545).
 */
function offsetAt(timeZone: string, local: number): number {
  if (timeZone === 'UTC') return 0
  let known = offsets.get(timeZone)
  if (!known) {
    known = new Map()
    offsets.set(timeZone, known)
  }
  // Clocks change only at whole quarter hours.
  const quarter = Math.floor(local / QUARTER_MS)
  let offset = known.get(quarter)
  if (offset === undefined) {
    offset = findOffset(timeZone, quarter * QUARTER_MS)
    if (known.size >= MAX_OFFSETS) known.clear()
    known.set(quarter, offset)
  }
  return offset
}

function findOffset(timeZone: string, local: number): number {
  const plain = Temporal.Instant.fromEpochMilliseconds(local).toZonedDateTimeISO('UTC').toPlainDateTime()
  return local - plain.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds
}

const knownZones = new Map<string, boolean>()

function isZone(name: string): boolean {
  let known = knownZones.get(name)
  if (known === undefined) {
    try {
      Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
      known = true
    } catch {
      known = false
    }
    if (knownZones.size >= MAX_OFFSETS) knownZones.clear()
    knownZones.set(name, known)
  }
  return known
}
