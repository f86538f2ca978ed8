// The context of every command, and the argument types that commands share.
import { z } from 'zod'
import type { Analyst } from '../src/analysis/analyst.ts'
import type { AnswerThreads } from '../src/analysis/answer-thread.ts'
import type { Compare } from '../src/analysis/evidence/comparison.ts'
import type { Theme } from '../src/charts/time-chart.ts'
import type { AddedChannel, AnswerPlace, Channel, PlatformStatus } from '../src/chat/channel.ts'
import type { PlatformDefinition } from '../src/chat/platform-definition.ts'
import type { Tails } from '../src/chat/tails.ts'
import type { Check } from '../src/checks/check.ts'
import { findCheck } from '../src/checks/check-names.ts'
import type { Clock } from '../src/clock.ts'
import { type Actor, commandsFor, completes, positional } from '../src/command/command.ts'
import type { Config } from '../src/config/config.ts'
import type { Connectivity } from '../src/connectivity/connectivity.ts'
import type { FollowJob } from '../src/hosts/containers/follow-job.ts'
import type { HostRuntime } from '../src/hosts/host-runtime.ts'
import type { LogFetcher } from '../src/hosts/remote-logs/fetcher.ts'
import type { ActionRunner } from '../src/jobs/action-runner.ts'
import type { CheckProber } from '../src/jobs/probes/check-prober.ts'
import type { ScenarioRunner } from '../src/jobs/scenarios/scenario-runner.ts'
import type { SchedulerHealth } from '../src/jobs/scheduler.ts'
import type { Archiver } from '../src/logs/archive/archiver.ts'
import type { LogStore, MaintenanceResult } from '../src/logs/store.ts'
import type { AnalyzerJob } from '../src/notifications/analyzers/analyzer-job.ts'
import type { BoardJob } from '../src/notifications/boards/board-job.ts'
import type { Propose } from '../src/notifications/reports/proposals.ts'
import { Problem } from '../src/problem.ts'
import { findProject } from '../src/projects/projects.ts'
import type { Vault } from '../src/projects/vault.ts'
import type { State } from '../src/state/database.ts'
import type { StorageStatus } from '../src/state/storage-health.ts'
import type { Rejections } from '../src/telemetry.ts'
import { DAY, formatDuration, parseDuration, SECOND } from '../src/time.ts'

/** What a command works with. `now` is the instant of the request, epoch ms. */
export type Context = {
  state: State
  vault: Vault
  store: LogStore | null
  /** Deletes the log lines of removed projects; resolves with how many. */
  purgeRemoved(): Promise<number>
  analyst: Analyst
  threads: AnswerThreads
  analyzers: Pick<AnalyzerJob, 'run'>
  /** Finds what is unusual in the logs of a period, without a model. */
  compare: Compare
  /** Proposes thresholds for rules that alerted too often. */
  propose: Propose
  tails: Tails
  boards: BoardJob
  /** Seals log lines and drops expired ones now; null without a log store. Resolves with null while nothing may be deleted. */
  maintainLogs: (() => Promise<MaintenanceResult | null>) | null
  /** Archives sealed log partitions; null without ARCHIVE_TO. */
  archiver: Archiver | null
  /** The connections to hosts and their metrics. */
  hostRuntime: HostRuntime
  /** Fetches the logs of hosts; null without a log store. */
  logFetcher: LogFetcher | null
  /** Runs the actions that admins defined. */
  actions: ActionRunner
  /** Plays simulated traffic. */
  scenarios: ScenarioRunner
  /** Asks the targets of checks that are probes. */
  checkProber: CheckProber
  /** Collects the logs of containers; null without a log store. */
  followJob: FollowJob | null
  config: Config
  /** The chat platforms there are, configured or not. */
  platforms: readonly PlatformDefinition[]
  clock: Clock
  now: number
  by: Actor
  /** Whether a person can confirm with a button; scripts are not asked. */
  interactive: boolean
  /** The message that the answer belongs under, when it is for everybody there. */
  place: AnswerPlace | null
  /** Where clients reach the intake, without a final slash. */
  publicUrl: string
  parts: Parts
}

/** The running parts that `status` reports on. */
export type Parts = {
  startedAt: number
  version: string
  scheduler(): SchedulerHealth
  platforms(): readonly { name: string; status: PlatformStatus }[]
  connectivity(): Connectivity
  storage(): StorageStatus
  /** What was not stored of log lines since the start. */
  rejections: Rejections
  /** The first channel of a platform, or undefined. */
  channelOf(platform: string): Channel | undefined
  /** The channel of an id, or a thread of one; undefined when there is none. */
  channel(id: string): Channel | undefined
  /** Opens a channel that is not stored yet, to try it; null when no platform takes it. */
  openChannel(added: AddedChannel): Channel | null
}

export const command = commandsFor<Context>()

const MAX_DURATION_MS = 365 * DAY

/** The channel that a command was typed in, or the first one of its platform. */
export function channelHere({ by, parts }: Pick<Context, 'by' | 'parts'>): Channel | undefined {
  return (by.channel === undefined ? undefined : parts.channel(by.channel)) ?? parts.channelOf(by.platform)
}

/** The background of the chat that an answer goes to, for its pictures. */
export function pictureTheme({ by, platforms }: Pick<Context, 'by' | 'platforms'>): Theme {
  return platforms.find(({ name }) => name === by.platform)?.capabilities.pictureTheme ?? 'light'
}

/** A duration from `min` ms (default: 1 s) to a year, read as ms. */
export function duration(min = SECOND) {
  return z.string().transform((text, issues) => {
    const ms = parseDuration(text)
    if (ms !== null && ms >= min && ms <= MAX_DURATION_MS) return ms
    issues.addIssue(`must be a duration from ${formatDuration(min)} to 365d, such as 90s, 5m, 2h or 1d`)
    return z.NEVER
  })
}

/** Text that `read` parses; a `Problem` that it throws is reported together with the other invalid arguments. */
export function readable<T>(read: (text: string) => T, max: number) {
  return z
    .string()
    .trim()
    .max(max)
    .transform((text, issues) => {
      try {
        return read(text)
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        issues.addIssue(error.message)
        return z.NEVER
      }
    })
}

/** Throws `forbidden` where everybody would read an answer that holds `what`; nothing must have happened yet. */
export function refusePublicSecret({ by }: Pick<Context, 'by'>, what: string): void {
  if (!by.isPublic) return
  throw new Problem(
    'forbidden',
    `The answer shows ${what}, and everybody in this chat would read it. Ask in the terminal (npx vakt), over HTTP, or in a private chat.`,
  )
}

/** Whether an answer must not show ping URLs and ping keys: whoever knows one can send beats. */
export function hidesPingUrls({ by }: Pick<Context, 'by'>): boolean {
  return by.role === 'viewer' || by.isPublic === true
}

export const checkName = () => completes(positional(z.string().min(1).max(100)), 'check')
export const projectName = () => completes(z.string().max(64), 'project')
export const alertNumber = () =>
  completes(positional(z.number({ error: 'must be an alert number such as 42' }).int().positive()), 'alert')
export const yes = () => z.boolean().optional().describe('Skip the confirmation')

/** The check of a name, slug or uuid, in one project or in any; throws `not_found` or `conflict`. */
export function checkOf({ state }: Context, name: string, project: string | undefined): Check {
  return findCheck(state, name, project === undefined ? undefined : findProject(state, project).id)
}
