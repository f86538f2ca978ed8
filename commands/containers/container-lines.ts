// Containers as people name them, and their lines: which are wanted, and how they look.
import { z } from 'zod'
import type { Span, Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { containerFailure } from '../../src/hosts/containers/errors.ts'
import {
  levelOf,
  lineCutter,
  type OutputLine,
  plainOutput,
  readStamped,
} from '../../src/hosts/containers/output-line.ts'
import { type Host, isContainerName, parsePattern, parseReference } from '../../src/hosts/host.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { logWords } from '../../src/hosts/metrics/collect-script.ts'
import { LEVELS, type Level } from '../../src/logs/line.ts'
import { compileRegex, findAll } from '../../src/logs/query/regex.ts'
import { wildcardTest } from '../../src/logs/query/wildcard.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { Problem } from '../../src/problem.ts'
import { isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

/** One container of a host; it may be gone, which the host says itself when it is asked. */
export type Target = { host: Host; container: string }

const MOST_TARGETS = 20
const SHOWN = 300

/** The argument that names one container or several. */
export const containerNames = () => completes(positional(z.string().trim().min(1).max(500)), 'container')

/** One container: `host/name`. Throws `invalid` or `not_found`. */
export function oneTarget({ state }: Context, text: string): Target {
  const { host, container } = parseReference(text)
  return { host: findHost(state, host), container }
}

/** Containers by name or pattern, separated by spaces or commas. Throws when one fits nothing, or too many are asked for. */
export function targetsOf(context: Context, text: string): Target[] {
  const words = text.split(/[\s,]+/).filter(word => word !== '')
  const found = words.flatMap(word => (word.includes('*') ? fitting(context, word) : [oneTarget(context, word)]))
  const unique = new Map(found.map(one => [`${one.host.id}/${one.container}`, one]))
  if (unique.size > MOST_TARGETS)
    throw new Problem('invalid', `${unique.size} containers are too many at once: at most ${MOST_TARGETS}.`)
  return [...unique.values()]
}

/** The containers that fit a pattern such as `web-*` + `/api`, as they were last seen. Throws `not_found` for none. */
export function fitting({ state }: Context, pattern: string): Target[] {
  const wanted = parsePattern(pattern)
  const [onHost, named] = [wildcardTest(wanted.host), wildcardTest(wanted.container)]
  const found = listHosts(state)
    .filter(host => onHost(host.name))
    .flatMap(host =>
      listContainers(state, host.id)
        .filter(one => named(one.name) && isContainerName(one.name))
        .map(one => ({ host, container: one.name })),
    )
  if (found.length > 0) return found
  throw new Problem('not_found', `No container fits "${pattern}". "containers list" shows those there are.`, {
    fields: { container: 'none fits' },
  })
}

/**
 * The last lines of each, in no order, and why some could not be had, each reason once. Rejects with the first reason when
 * none could. `since` is RFC 3339.
 */
export async function lastLines(
  context: Context,
  targets: readonly Target[],
  lines: number,
  since: string | undefined,
) {
  const each = await Promise.allSettled(targets.map(target => linesOf(context, target, lines, since)))
  const failed = each.filter(one => one.status === 'rejected').map(one => one.reason)
  const odd = failed.find(error => !(error instanceof Problem))
  if (failed.length === targets.length || odd !== undefined) throw odd ?? failed[0]
  return {
    read: each.flatMap(one => (one.status === 'fulfilled' ? one.value : [])),
    problems: [...new Set(failed.map((error: Problem) => error.message))],
  }
}

async function linesOf(
  context: Context,
  target: Target,
  lines: number,
  since: string | undefined,
): Promise<OutputLine[]> {
  const { host, container } = target
  const { engine, machine } = await context.fleet.engine(host)
  const asked = logWords(engine, container, { lines, follow: false, ...(since === undefined ? {} : { since }) })
  const output = await machine.run(asked)
  const read = (['stdout', 'stderr'] as const).flatMap(stream => {
    const found: OutputLine[] = []
    const cutter = lineCutter(line => {
      const stamped = readStamped(line)
      if (stamped) found.push({ host: host.name, container, stream, ...stamped })
    })
    cutter.add(Buffer.from(output[stream]))
    cutter.end()
    return found
  })
  if (output.code !== 0 && read.length === 0) throw containerFailure(host, engine, container, output)
  return read
}

export const writeTarget = ({ host, container }: Target) => `${host.name}/${container}`

/** Which lines are wanted, by an expression (linear in time) and by how bad they are. Throws `invalid` for a bad expression. */
export function lineFilter({ grep, level }: { grep?: string | undefined; level?: Level | undefined }) {
  const regex = grep === undefined ? null : readGrep(grep)
  const least = level === undefined ? 0 : LEVELS.indexOf(level)
  return {
    wants: (text: string) =>
      (regex === null || regex.test(text)) && (least === 0 || LEVELS.indexOf(levelOf(text)) >= least),
    /** Where the expression is found, for the eye. */
    places: (text: string) => (regex === null ? [] : findAll(regex, text, 10)),
  }
}

export type LineFilter = ReturnType<typeof lineFilter>

/** A line made safe: without terminal sequences, its secrets masked as those in the log store are. */
export function safeLine(line: OutputLine): OutputLine {
  return { ...line, text: redact(plainOutput(line.text)) }
}

const ICONS: Record<Level, string> = { trace: '▫️', debug: '▫️', info: '🔹', warn: '🔸', error: '🔴', fatal: '🟣' }

/** A line as one paragraph; from which container, when there are several. */
export function lineText(line: OutputLine, filter: LineFilter, several: boolean): Text {
  const points = Array.from(line.text)
  const text = points.slice(0, SHOWN).join('')
  const more = points.length > SHOWN ? [`… ${points.length - SHOWN} more`] : []
  const from = several ? [{ code: `${line.host}/${line.container}` }, ' '] : []
  const error = line.stream === 'stderr' ? [{ code: 'err' }, ' '] : []
  const icon = `${ICONS[levelOf(line.text)]} `
  return [
    icon,
    { time: line.at, style: 'clock' },
    ' ',
    ...from,
    ...error,
    ...marked(text, filter.places(text)),
    ...more,
  ]
}

/** A line as a file holds it. */
export function writtenLine(line: OutputLine, several: boolean): string {
  return `${line.stamp} ${several ? `${line.host}/${line.container} ` : ''}${line.stream} ${line.text}`
}

export function lineResult(line: OutputLine) {
  const { host, container, stream, text } = line
  return { host, container, stream, timestamp: isoTime(line.at), level: levelOf(text), message: text }
}

function marked(text: string, places: readonly [number, number][]): Span[] {
  const spans: Span[] = []
  let at = 0
  for (const [from, until] of places.filter(([from, until]) => until > from)) {
    if (from > at) spans.push(text.slice(at, from))
    spans.push({ bold: text.slice(from, until) })
    at = until
  }
  return at < text.length ? [...spans, text.slice(at)] : spans
}

function readGrep(source: string) {
  try {
    return compileRegex(source, source === source.toLowerCase())
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new Problem('invalid', error.message, { fields: { grep: error.message } })
  }
}
