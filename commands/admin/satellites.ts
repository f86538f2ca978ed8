// The commands about satellites: Vakts elsewhere that take beats and log lines, and look at targets from there.
import { z } from 'zod'
import { endAlert } from '../../src/alerts/lifecycle.ts'
import { formatBytes } from '../../src/bytes.ts'
import type { Field, Text, Tone } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { doubledSatelliteKey, isDoubled, silentSatelliteKey } from '../../src/detectors/silent-satellite.ts'
import { countProbesVia } from '../../src/probes/probes.ts'
import { invalid } from '../../src/problem.ts'
import { CLOCK_TOLERANCE_MS, isSilent, MAIN_VIEWPOINT, type Satellite } from '../../src/satellites/satellite.ts'
import {
  addSatellite,
  countChecksThrough,
  findSatellite,
  listSatellites,
  removeSatellite,
} from '../../src/satellites/satellites.ts'
import { plural } from '../../src/text.ts'
import { aboutDuration, formatRelative, isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, refusePublicSecret, yes } from '../context.ts'

const satelliteName = () => completes(positional(z.string().trim().min(1).max(60)), 'satellite')

const add = command({
  name: 'satellites add',
  summary: 'Make the key of a satellite, and show the command line that starts it',
  details:
    'A satellite is a Vakt elsewhere: it takes beats and log lines there, keeps them on its disk while this Vakt is out of reach, and probes targets from there (checks add --via).',
  examples: ['satellites add berlin'],
  role: 'admin',
  args: {
    name: positional(z.string().trim().toLowerCase())
      .refine(
        name => /^[a-z0-9][a-z0-9._-]{0,59}$/.test(name) && name !== MAIN_VIEWPOINT,
        `must be letters, digits, dots, - and _, and not "${MAIN_VIEWPOINT}"`,
      )
      .describe('Name of the satellite, such as its place'),
  },
  run({ name }, context) {
    refusePublicSecret(context, 'the key of the satellite')
    const { satellite, key } = addSatellite(context.state, { name, createdBy: context.by.name }, context.now)
    const line = `SATELLITE_KEY=${key} npx vakt satellite --to ${context.publicUrl}`
    return {
      card: {
        title: `Satellite ${name} added`,
        tone: 'good',
        lines: [
          'Start it with this line in a folder with Vakt on the other machine. The key is shown once.',
          'It listens on HOST and PORT there, as Vakt does. Use an https address for anything but a private network.',
        ],
        code: { text: line, language: 'sh' },
        buttons: [{ label: 'Show', line: `satellites show ${name}` }],
      },
      result: { satellite: satelliteResult(satellite, context), key, command: line },
    }
  },
})

const list = command({
  name: 'satellites list',
  summary: 'Show the satellites, and whether they report',
  role: 'viewer',
  args: {},
  run(_, context) {
    const all = listSatellites(context.state)
    return {
      card: {
        title: all.length === 0 ? 'There are no satellites' : plural(all.length, 'satellite'),
        tone: all.some(one => isSilent(one, context.now) || isDoubled(one, context.now)) ? 'warning' : 'plain',
        lines:
          all.length === 0
            ? ['A satellite takes beats and log lines elsewhere: satellites add berlin']
            : all.map(
                (satellite): Text => [
                  { bold: satellite.name },
                  `: ${[stateText(satellite, context.now), ...versionWarnings(satellite, context)].join('. ')}`,
                ],
              ),
      },
      result: { satellites: all.map(satellite => satelliteResult(satellite, context)) },
    }
  },
})

const show = command({
  name: 'satellites show',
  summary: 'Show what a satellite sent, what waits there, and its clock',
  examples: ['satellites show berlin'],
  role: 'viewer',
  args: { satellite: satelliteName().describe('Name of the satellite') },
  run({ satellite: name }, context) {
    const { state, now } = context
    const satellite = findSatellite(state, name)
    const tone: Tone =
      satellite.lastSeenAt === null
        ? 'muted'
        : isSilent(satellite, now) || isDoubled(satellite, now)
          ? 'warning'
          : ('good' as const)
    return {
      card: {
        title: `Satellite ${satellite.name}`,
        tone,
        lines: [stateText(satellite, now), ...versionWarnings(satellite, context), ...warnings(satellite, now)],
        fields: fields(satellite, context),
        buttons: [{ label: 'Remove', line: `satellites remove ${satellite.name}` }],
      },
      result: { satellite: satelliteResult(satellite, context) },
    }
  },
})

const remove = command({
  name: 'satellites remove',
  summary: 'Revoke the key of a satellite and forget it',
  details: 'What it sent stays. What waits on its disk is not taken any more.',
  examples: ['satellites remove berlin'],
  role: 'admin',
  args: { satellite: satelliteName().describe('Name of the satellite'), yes: yes() },
  run({ satellite: name, yes }, context) {
    const { state, now, by, interactive } = context
    const satellite = findSatellite(state, name)
    const probes = countProbesVia(state, satellite.name)
    if (probes > 0)
      throw invalid(
        'satellite',
        `${plural(probes, 'check')} ${probes === 1 ? 'is' : 'are'} probed from ${satellite.name}. Change ${probes === 1 ? 'it' : 'them'} first: checks edit <check> --via ${MAIN_VIEWPOINT}.`,
      )
    if (interactive && !yes)
      return confirmation(
        `Remove the satellite ${satellite.name}?`,
        [
          'Its key stops working at once.',
          satellite.waitingRecords > 0
            ? `${plural(satellite.waitingRecords, 'request')} that ${satellite.waitingRecords === 1 ? 'waits' : 'wait'} there will not arrive.`
            : 'Nothing waited there at its last report.',
        ],
        { line: `satellites remove ${satellite.name}` },
      )
    state.transaction(() => {
      endAlert(state, silentSatelliteKey(satellite), by.name, now)
      endAlert(state, doubledSatelliteKey(satellite), by.name, now)
      removeSatellite(state, satellite)
    })
    return {
      card: { title: `Satellite ${satellite.name} removed`, tone: 'muted', lines: ['Its key does not work any more.'] },
      result: { satellite: satelliteResult(satellite, context) },
    }
  },
})

function stateText(satellite: Satellite, now: number): string {
  const { lastSeenAt, waitingRecords, waitingSince } = satellite
  if (lastSeenAt === null) return 'has not reported yet'
  const waits =
    waitingRecords === 0
      ? 'nothing waits there'
      : `${plural(waitingRecords, 'request')} waited there${waitingSince === null ? '' : `, the oldest since ${formatRelative(waitingSince, now)}`}`
  const seen = isSilent(satellite, now)
    ? `silent, reported last ${formatRelative(lastSeenAt, now)}`
    : `reports, the last time ${formatRelative(lastSeenAt, now)}`
  return `${seen}; ${waits}`
}

/** What to say when a satellite runs another version: it works as far as both know the same records. */
function versionWarnings({ version }: Satellite, { parts }: Context): string[] {
  if (version === null || version === parts.version) return []
  return [`it runs Vakt ${version}, and this is ${parts.version}: update this one first, then the satellite`]
}

function warnings(satellite: Satellite, now: number): Text[] {
  const { clockAheadMs, refusedThere, refused, lastRefusal, rivalAddress } = satellite
  return [
    ...(isDoubled(satellite, now)
      ? [`Another one runs with its key, at ${rivalAddress ?? 'an unknown address'}, and is refused.`]
      : []),
    ...(Math.abs(clockAheadMs) > CLOCK_TOLERANCE_MS
      ? [
          `Its clock is ${aboutDuration(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? 'ahead' : 'behind'}. Beats and lines have its times: set it by NTP.`,
        ]
      : []),
    ...(refusedThere > 0
      ? [`It refused ${plural(refusedThere, 'request')} (503) because its disk limit was reached.`]
      : []),
    ...(refused > 0 ? [`${plural(refused, 'request')} could not be stored here. The last: ${lastRefusal ?? ''}.`] : []),
  ]
}

function fields(satellite: Satellite, { state }: Context): Field[] {
  const { beats, lines, waitingRecords, waitingBytes, address, version } = satellite
  return [
    { name: 'Came through it', value: `${plural(beats, 'beat')}, ${plural(lines, 'line')}` },
    { name: 'Checks', value: plural(countChecksThrough(state, satellite.id), 'check') },
    { name: 'Probes', value: plural(countProbesVia(state, satellite.name), 'probe') },
    { name: 'Waits there', value: `${plural(waitingRecords, 'request')}, ${formatBytes(waitingBytes)}` },
    ...(address === null ? [] : [{ name: 'Address', value: `${address}, version ${version ?? 'unknown'}` }]),
  ]
}

function satelliteResult(satellite: Satellite, { state, now }: Pick<Context, 'state' | 'now'>) {
  return {
    name: satellite.name,
    state: satellite.lastSeenAt === null ? 'new' : isSilent(satellite, now) ? 'silent' : 'up',
    last_seen_at: isoTime(satellite.lastSeenAt),
    complete_to: isoTime(satellite.completeTo),
    waiting: {
      requests: satellite.waitingRecords,
      bytes: satellite.waitingBytes,
      since: isoTime(satellite.waitingSince),
    },
    beats: satellite.beats,
    lines: satellite.lines,
    refused: satellite.refused,
    last_refusal: satellite.lastRefusal,
    refused_there: satellite.refusedThere,
    checks: countChecksThrough(state, satellite.id),
    clock_ahead_ms: satellite.clockAheadMs,
    address: satellite.address,
    version: satellite.version,
    rival_address: isDoubled(satellite, now) ? satellite.rivalAddress : null,
    lines_complete_to: isoTime(satellite.linesCompleteTo),
    created_by: satellite.createdBy,
    created_at: isoTime(satellite.createdAt),
  }
}

export const satelliteCommands = [add, list, show, remove]
