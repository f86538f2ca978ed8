// The settings of a probe as flags, and the changes to its row.
import { z } from 'zod'
import type { Check } from '../../src/checks/check.ts'
import { completes, repeated, secret } from '../../src/command/command.ts'
import { refuseCommand } from '../../src/hosts/actions/action.ts'
import { findHost } from '../../src/hosts/hosts.ts'
import { literalRefusal, type Reach } from '../../src/probes/address-rules.ts'
import type { ProbeKind, ProbeSetting } from '../../src/probes/doors/probe-kind.ts'
import { readExpectations } from '../../src/probes/expectation.ts'
import { type Probe, readHeaders, readStatuses } from '../../src/probes/probe.ts'
import { probeKind, readTarget } from '../../src/probes/probe-kinds.ts'
import type { NewProbe } from '../../src/probes/probes.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { MAIN_VIEWPOINT, readViewpoints } from '../../src/satellites/satellite.ts'
import { listSatellites } from '../../src/satellites/satellites.ts'
import { MINUTE, type Period, periodLength, SECOND } from '../../src/time.ts'
import { type Context, duration } from '../context.ts'

const DEFAULT_TIMEOUT_MS = 10 * SECOND
const MAX_TIMEOUT_MS = MINUTE
const DEFAULT_CERT_DAYS = 14
/** What people who are no admins may ask of the network. */
const MIN_EVERY_MS = 10 * SECOND
const NONE = 'none'

/** The flags of a probe that `checks add` and `checks edit` share; the first ones are those that chats offer. */
export function probeSettings() {
  return {
    probe: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .optional()
      .describe(
        'What Vakt itself asks instead of waiting for beats: https://…, tcp://host:port, dns:name, icmp:host, tls:host',
      ),
    expect: repeated(z.string().max(2_000))
      .optional()
      .describe('What the answer must contain: text, /regex/ or json.path=value; ! before it means must not'),
    expectStatus: z
      .string()
      .trim()
      .max(100)
      .optional()
      .describe('Accepted statuses, such as 200-299,401 (default: 200-299)'),
    timeout: duration().optional().describe('Time limit of a probe, at most 1m (default: 10s)'),
  }
}

/** The rarer ones, which come after the settings of all checks. */
export function furtherProbeSettings() {
  return {
    header: secret(repeated(z.string().max(8_000)))
      .optional()
      .describe('Header of the request, "Name: value"; stored encrypted'),
    probeMethod: z.enum(['GET', 'HEAD', 'POST', 'OPTIONS']).optional().describe('Method of the request (default: GET)'),
    insecure: z.boolean().optional().describe('Accept a certificate that is not valid'),
    certDays: z
      .number()
      .int()
      .min(0)
      .max(365)
      .optional()
      .describe('Days before a certificate ends from which to alert, 0 for never (default: 14)'),
    via: repeated(z.string().max(2_000))
      .optional()
      .describe('Satellites that probe it, with commas; main is Vakt itself (default: main)'),
    quorum: z
      .number()
      .int()
      .min(1)
      .max(50)
      .optional()
      .describe('How many of them must find it down (default: most of those that are up)'),
    on: completes(z.string().max(63), 'host').optional().describe('Host on which --run runs'),
    run: z.string().max(4_000).optional().describe('Command that Vakt runs on the host instead of waiting for beats'),
  }
}

type Shape = ReturnType<typeof probeSettings> & ReturnType<typeof furtherProbeSettings>
export type ProbeSettings = z.output<z.ZodObject<Shape>>

/** The settings of the probe among all settings of a check. */
export function splitSettings<S extends ProbeSettings>(settings: S) {
  const { probe, expect, expectStatus, timeout, header, probeMethod, insecure, certDays, ...others } = settings
  const { via, quorum, on, run, ...check } = others
  const asked = { probe, expect, expectStatus, timeout, header, probeMethod, insecure, certDays }
  const all: ProbeSettings = { ...asked, via, quorum, on, run }
  return { probe: all, check }
}

/** The row of a new probe without its check, or null for a check that waits for beats. Throws `invalid` or `forbidden`. */
export function probeDraft(settings: ProbeSettings, context: Context): Omit<NewProbe, 'checkId'> | null {
  const { probe, run } = settings
  if (probe === undefined && run === undefined) {
    const [first] = Object.entries(settings).find(([, value]) => value !== undefined) ?? []
    if (first === undefined) return null
    const flag = FLAGS[first as keyof ProbeSettings]
    throw invalid(flag, `--${flag} belongs to a probe. Say what to ask: --probe https://shop.example.org/health.`)
  }
  const blank = {
    ...{ kind: '', target: '', command: null, expect: '', expectStatus: null, method: 'GET', headerNames: '' },
    ...{
      headersSealed: null,
      via: null,
      quorum: null,
      timeout: DEFAULT_TIMEOUT_MS,
      insecure: false,
      certDays: DEFAULT_CERT_DAYS,
    },
    ...{ reach: 'public' as const, changedAt: context.now },
  }
  return { ...blank, ...readProbeSettings(settings, blank as unknown as Probe, context) }
}

/** The changes that settings make to a probe. Throws `invalid` for what it cannot be, `forbidden` for what the actor may not. */
export function readProbeSettings(settings: ProbeSettings, before: Probe, context: Context): Partial<NewProbe> {
  const { expect, expectStatus, timeout } = settings
  if (Object.values(settings).every(value => value === undefined)) return {}
  const target = targetOf(settings, before, context)
  const kind = target?.kind ?? probeKind(before.kind)
  refuseOtherKinds(settings, kind)
  if (timeout !== undefined && timeout > MAX_TIMEOUT_MS)
    throw invalid('timeout', 'The time limit of a probe is at most 1m.')
  if (expect !== undefined && expect !== NONE) readExpectations(expect)
  if (expectStatus !== undefined && expectStatus !== NONE) readStatuses(expectStatus)
  const changes: Partial<NewProbe> = {
    ...(target === null ? {} : { kind: kind.name, target: target.target, command: target.command }),
    ...columnsOf(settings, context),
    ...viewpointColumns(settings, before, kind, context),
    reach: reachOf(context),
    changedAt: context.now,
  }
  refuseForOthers(kind, before, context)
  refuseAddress(kind, changes.target ?? before.target, reachOf(context), context)
  return changes
}

function columnsOf(
  { expect, expectStatus, timeout, header, probeMethod, insecure, certDays }: ProbeSettings,
  context: Context,
): Partial<NewProbe> {
  return {
    ...(expect === undefined ? {} : { expect: expect === NONE ? '' : expect }),
    ...(expectStatus === undefined ? {} : { expectStatus: expectStatus === NONE ? null : expectStatus }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(header === undefined ? {} : headerColumns(header, context)),
    ...(probeMethod === undefined ? {} : { method: probeMethod }),
    ...(insecure === undefined ? {} : { insecure }),
    ...(certDays === undefined ? {} : { certDays }),
  }
}

/** From where a probe is made, and how many places must agree. Throws `invalid`. */
function viewpointColumns(
  { via, quorum }: ProbeSettings,
  before: Probe,
  kind: ProbeKind,
  { state }: Context,
): Partial<NewProbe> {
  const names = listSatellites(state).map(({ name }) => name)
  const asked = via === undefined ? (before.via?.split('\n') ?? []) : via === NONE ? [] : readViewpoints(via, names)
  const isElsewhere = asked.some(name => name !== MAIN_VIEWPOINT)
  if (isElsewhere && kind.name === 'command')
    throw invalid('via', 'A command runs on a host of Vakt. Satellites probe addresses only.')
  if (quorum !== undefined && quorum > Math.max(1, asked.length))
    throw invalid(
      'quorum',
      `${quorum} of ${Math.max(1, asked.length)} can never agree. Name as many places with --via berlin,oslo,${MAIN_VIEWPOINT}.`,
    )
  return {
    ...(via === undefined ? {} : { via: isElsewhere ? asked.join('\n') : null }),
    ...(quorum === undefined ? (via === undefined ? {} : { quorum: null }) : { quorum: isElsewhere ? quorum : null }),
  }
}

/** Which addresses the probes of an actor may reach. */
function reachOf({ by }: Context): Reach {
  return by.role === 'admin' && by.keyId === undefined ? 'any' : 'public'
}

/** Throws `invalid` for settings of a check that a probe cannot have, or that ask too much of the network. */
export function refuseBeatSettings(
  settings: Record<string, unknown> & { every?: Period | undefined },
  context: Context,
): void {
  const given = Object.entries(BEAT_FLAGS).find(([key]) => settings[key] !== undefined)
  if (given) throw invalid(given[1], `--${given[1]} is about beats, and a probe has none.`)
  const { every } = settings
  if (every && periodLength(every) < MIN_EVERY_MS && reachOf(context) === 'public')
    throw invalid('every', 'Only an admin may probe more often than every 10s.')
}

const BEAT_FLAGS = {
  maxRuntime: 'max-runtime',
  early: 'early',
  watchDuration: 'watch-duration',
  watchSize: 'watch-size',
  methods: 'methods',
  startKeywords: 'start-keywords',
  successKeywords: 'success-keywords',
  failureKeywords: 'failure-keywords',
  defaultFail: 'default-fail',
  manualResume: 'manual-resume',
}

/** The settings of a check that are different by default for a probe. */
export function probeDefaults({ kind }: Pick<NewProbe, 'kind'>): Pick<Check, 'after' | 'severity'> & { every: number } {
  return { every: probeKind(kind).everyMs, after: 2, severity: kind === 'tls' ? 'warning' : 'critical' }
}

function targetOf({ probe, on, run }: ProbeSettings, before: Probe, { state }: Context) {
  if (probe !== undefined && (on !== undefined || run !== undefined))
    throw invalid('probe', 'Use either --probe, or --on with --run, not both.')
  if (probe !== undefined) return { ...readTarget(probe), command: null }
  if (on === undefined && run === undefined) return null
  const host = on ?? (before.kind === 'command' ? before.target : undefined)
  const command = run ?? before.command
  if (host === undefined) throw invalid('on', 'Say where the command runs: --on web-1. "hosts list" shows the hosts.')
  if (command === null) throw invalid('run', 'Say what runs there: --run "systemctl is-active nginx".')
  refuseCommand(command)
  return { kind: probeKind('command'), target: findHost(state, host).name, command }
}

function headerColumns(header: string, { vault }: Context): Pick<NewProbe, 'headerNames' | 'headersSealed'> {
  const headers = header === NONE ? [] : readHeaders(header)
  const lines = headers.map(([name, value]) => `${name}: ${value}`).join('\n')
  return {
    headerNames: headers.map(([name]) => name).join('\n'),
    headersSealed: headers.length === 0 ? null : vault.seal(lines),
  }
}

const FLAGS: Record<keyof ProbeSettings, string> = {
  probe: 'probe',
  expect: 'expect',
  expectStatus: 'expect-status',
  timeout: 'timeout',
  header: 'header',
  probeMethod: 'probe-method',
  insecure: 'insecure',
  certDays: 'cert-days',
  via: 'via',
  quorum: 'quorum',
  on: 'on',
  run: 'run',
}
const OF_SOME_KINDS: readonly (keyof ProbeSettings)[] = [
  'expect',
  'expectStatus',
  'header',
  'probeMethod',
  'insecure',
  'certDays',
]

function refuseOtherKinds(settings: ProbeSettings, kind: ProbeKind): void {
  for (const key of OF_SOME_KINDS) {
    const flag = FLAGS[key]
    if (settings[key] === undefined || settings[key] === NONE || kind.takes.includes(flag as ProbeSetting)) continue
    const takes = kind.takes.length === 0 ? 'none of these' : kind.takes.map(name => `--${name}`).join(', ')
    throw invalid(flag, `A ${kind.name} probe has no --${flag}. It takes ${takes}.`)
  }
}

function refuseAddress(kind: ProbeKind, target: string, reach: Reach, { config }: Context): void {
  const host = kind.hostOf(target)
  const named = host !== null && /^(.*\.)?localhost\.?$/i.test(host) ? '127.0.0.1' : host
  const refusal = named === null ? null : literalRefusal(named, { reach, allowed: config.probeAllow })
  if (refusal !== null) throw new Problem('forbidden', `${refusal}.`, { fields: { probe: 'is not allowed' } })
}

/**
 * Commands on hosts are for admins, as actions are. A probe of an admin may reach what others must not learn about, and what
 * it expects of an answer would tell them.
 */
function refuseForOthers(kind: ProbeKind, before: Probe, context: Context): void {
  if (reachOf(context) === 'any') return
  const who = 'The terminal, the admin key and admins in a chat may.'
  if (kind.name === 'command') throw new Problem('forbidden', `Only an admin may say what runs on a host. ${who}`)
  if (before.reach === 'any')
    throw new Problem('forbidden', `An admin set up this probe, so only an admin may change what it asks. ${who}`)
}
