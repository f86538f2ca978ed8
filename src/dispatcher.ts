// The dispatcher: every door hands it command lines; it finds the command, checks role and arguments, runs it, writes the audit.

import { readAlert } from './alerts/alerts.ts'
import { datedCard } from './card.ts'
import type { AnswerPlace, Choice, CommandDispatcher, Mention, Reply, Request, Requester } from './chat/channel.ts'
import type { Clock } from './clock.ts'
import { type Argument, argumentNamed } from './command/argument.ts'
import { type Actor, type Command, kebab, type Role, usage } from './command/command.ts'
import {
  findCommand,
  quoteWord,
  readArguments,
  shellWords,
  splitWords,
  typed,
  type Word,
} from './command/command-line.ts'
import { nearestOf } from './command/nearest.ts'
import { problemCard, refusalCard } from './command/problem-card.ts'
import { unknownCommand } from './command/unknown-command.ts'
import type { Logger } from './logger.ts'
import { isOwnPress } from './notifications/delivery/press.ts'
import { Problem } from './problem.ts'
import { writeAudit } from './projects/audit.ts'
import { findProject } from './projects/projects.ts'
import { roleAllows, roleOf } from './projects/roles.ts'
import type { State } from './state/database.ts'
import type { Telemetry } from './telemetry.ts'
import { truncate } from './text.ts'

export type DispatcherOptions<C> = {
  state: State
  clock: Clock
  logger: Logger
  commands: readonly Command<C>[]
  telemetry: Telemetry
  /** The role of people whom nobody gave one. */
  defaultRole: Role
  context(by: Actor, now: number, interactive: boolean, place: AnswerPlace | null): C
  /** The command line that a mention stands for, and where its answer belongs. Throws when the thread is not known. */
  readMention(mention: Mention): { line: string; place: AnswerPlace }
  /** The choices of autocomplete for a list, best first. */
  completions(list: string, typed: string): readonly Choice[]
}

const MAX_CHOICES = 25

/** A dispatcher over `commands`. */
export function createDispatcher<C>(options: DispatcherOptions<C>): CommandDispatcher {
  const { state, clock, logger, commands, telemetry, completions } = options

  const run = async (request: Request, speaker: Requester): Promise<Reply> => {
    const now = clock.now()
    const by = actorOf(state, speaker, options.defaultRole)
    let audited: string | null = null
    let name = 'unknown'
    // A synchronous command that fails is rolled back; one that awaits may have changed something before.
    let mayHaveChanged = false
    try {
      const { command, raw } = readRequest(commands, request)
      name = command.name
      if (command.changes) audited = describeWithoutSecrets(request, command, raw)
      refuseRole(command, by)
      const args = parseArguments(command, speaker.key ? limitToProject(state, command, raw, speaker.key.project) : raw)
      // A synchronous command and its audit row share a transaction; the row of an asynchronous one follows when it is done.
      const answered = transactionOrRead(state, command, () => {
        const answer = command.run(args as never, options.context(by, now, speaker.interactive, speaker.place ?? null))
        if (audited !== null && !(answer instanceof Promise) && !answer.asked)
          writeAudit(state, by, audited, 'done', now, answer.audit)
        return answer
      })
      mayHaveChanged = command.changes && answered instanceof Promise
      const answer = await answered
      if (audited !== null && answered instanceof Promise && !answer.asked)
        writeAudit(state, by, audited, 'done', now, answer.audit)
      telemetry.commands.add(1, name, 'done')
      return {
        ok: true,
        card: datedCard(answer.card, now),
        result: answer.result ?? null,
        private: args.share !== true,
        quiet: answer.quiet ?? false,
        ...(answer.stream ? { stream: answer.stream } : {}),
      }
    } catch (error) {
      const problem = asProblem(error, logger, audited ?? describeRequest(request), mayHaveChanged)
      telemetry.commands.add(1, name, problem.code)
      if (audited !== null) auditRefusal(by, audited, problem, now)
      return {
        ok: false,
        problem,
        card: refusalCard(problem, repeatableWords(request, commands), commands),
        private: true,
      }
    }
  }

  // A refusal is answered even when its audit row cannot be written: the disk may be full.
  const auditRefusal = (by: Actor, line: string, problem: Problem, now: number) => {
    try {
      writeAudit(state, by, line, problem.message, now)
    } catch (error) {
      logger.error('audit row of a refused command could not be written', { error })
    }
  }

  return {
    commands: commands as readonly Command<never>[],
    run,
    async answerMention(mention, speaker) {
      try {
        const { line, place } = options.readMention(mention)
        return await run({ line }, { ...speaker, place })
      } catch (error) {
        const problem = asProblem(error, logger, 'a mention')
        return { ok: false, problem, card: problemCard(problem), private: true }
      }
    },
    isPrivate(request) {
      try {
        const { raw } = readRequest(commands, request)
        return raw.share !== true && raw.share !== 'true'
      } catch {
        return true
      }
    },
    refusalFor(line, speaker) {
      try {
        const found = findCommand(commands, splitWords(line))
        if (found) refuseRole(found.command, { role: roleOf(state, speaker, options.defaultRole) })
        return null
      } catch (error) {
        const problem = asProblem(error, logger, line)
        return { ok: false, problem, card: problemCard(problem), private: true }
      }
    },
    pressRefusal(line, origin) {
      if (isOwnPress(state, origin, pressedCommand(commands, line))) return null
      const problem = new Problem('conflict', `${EARLIER_CARD} ${EARLIER_CARD_ADVICE}`)
      const card = { title: EARLIER_CARD, tone: 'muted' as const, lines: [EARLIER_CARD_ADVICE] }
      return { ok: false, problem, card, private: true }
    },
    complete(argument, typed, speaker) {
      if (argument.choices)
        return argument.choices.filter(choice => choice.startsWith(typed)).map(value => ({ name: value, value }))
      const command = commands.find(candidate => candidate.arguments.includes(argument))
      if (!argument.complete || !command || !roleAllows(roleOf(state, speaker, options.defaultRole), command.role))
        return []
      return completions(argument.complete, typed).slice(0, MAX_CHOICES)
    },
    form(line, ask) {
      const found = findCommand(commands, splitWords(line))
      if (!found) return null
      const list = ask.map(name => argumentNamed(found.command.arguments, name))
      return {
        command: found.command as Command<never>,
        arguments: list.filter((argument): argument is Argument => argument !== undefined),
      }
    },
    fillForm(line, values) {
      const given = Object.entries(values).filter(([, value]) => value.trim() !== '')
      return [line, ...given.map(([name, value]) => `--${name}=${quoteWord(value.trim())}`)].join(' ')
    },
  }
}

/** The person or program behind a request, with their role. */
function actorOf(state: State, speaker: Requester, defaultRole: Role): Actor {
  const { platform, id, name, address, key, channel, isPublic = false } = speaker
  return {
    ...{ platform, id, name, role: roleOf(state, speaker, defaultRole) },
    ...(isPublic ? { isPublic } : {}),
    ...(channel === undefined ? {} : { channel }),
    ...(address === undefined ? {} : { address }),
    ...(key === undefined ? {} : { keyId: id, project: key.project }),
  }
}

const EARLIER_CARD = 'This card is from an earlier Vakt, or from another one with the same bot.'
const EARLIER_CARD_ADVICE = 'Nothing was done. "alerts list" shows the open alerts, with new buttons.'

/** The alert that a pressed line names, and whether its command changes something. */
function pressedCommand<C>(
  commands: readonly Command<C>[],
  line: string,
): { alertId: number | null; changes: boolean } {
  try {
    const found = findCommand(commands, splitWords(line))
    if (!found) return { alertId: null, changes: true }
    const { command, rest } = found
    const argument = command.arguments.find(candidate => candidate.complete === 'alert')
    const value = argument && readArguments(command, rest)[argument.name]
    const id = Number(String(value ?? '').replace('#', ''))
    return { alertId: Number.isInteger(id) && id > 0 ? id : null, changes: command.changes }
  } catch {
    return { alertId: null, changes: true }
  }
}

function readRequest<C>(
  commands: readonly Command<C>[],
  request: Request,
): { command: Command<C>; raw: Record<string, unknown> } {
  const words = wordsOf(request)
  const found = findCommand(commands, words)
  if (!found) throw unknownCommand(commands, words)
  const { command, rest } = found
  if ('command' in request) {
    if (rest.length === 0) return { command, raw: request.args }
    throw new Problem(
      'invalid',
      `"command" must be just "${command.name}", without "${rest[0]!.text}". Put arguments into "args".`,
      {
        fields: { command: `must be just "${command.name}"` },
      },
    )
  }
  try {
    return { command, raw: readArguments(command, rest) }
  } catch (error) {
    throw error instanceof Problem ? withUsage(error, command) : error
  }
}

/** The typed arguments; a missing one is answered with the usage of the command. */
function parseArguments<C>(command: Command<C>, raw: Record<string, unknown>): Record<string, unknown> {
  try {
    return command.parse(raw)
  } catch (error) {
    const isMissing = command.arguments.some(({ name, required }) => required && (raw[name] ?? null) === null)
    throw error instanceof Problem && isMissing ? withUsage(error, command) : error
  }
}

function withUsage<C>(problem: Problem, command: Command<C>): Problem {
  const line = usage(command)
  const hint = line.length > MAX_USAGE_LENGTH ? `"help ${command.name}" shows its usage.` : `Usage: ${line}`
  return new Problem(problem.code, `${problem.message} ${hint}`, {
    ...(problem.fields ? { fields: problem.fields } : {}),
    ...(problem.slip ? { slip: problem.slip } : {}),
    ...(hint.startsWith('Usage: ') ? { usage: line } : {}),
  })
}

/** A longer usage line is left to `help`, characters. */
const MAX_USAGE_LENGTH = 160

/** The words of a request for the buttons of its refusal; none when they hold a secret or cannot be read. */
function repeatableWords<C>(request: Request, commands: readonly Command<C>[]): readonly Word[] {
  try {
    const words = 'args' in request ? splitWords(describeRequest(request)) : wordsOf(request)
    const found = findCommand(commands, words)
    return found && mayHoldSecret(found) ? [] : words
  } catch {
    return []
  }
}

/** Whether a word may be, or may be meant as, an argument that is kept secret. */
function mayHoldSecret<C>({ command, rest }: { command: Command<C>; rest: readonly Word[] }): boolean {
  const secrets = command.arguments.filter(({ secret }) => secret)
  const names = secrets.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  const flags = rest.flatMap(({ text }) => /^--([^=]+)/.exec(text)?.[1]?.toLowerCase() ?? [])
  return (
    secrets.some(({ positional }) => positional) ||
    flags.some(flag => names.some(name => name.startsWith(flag)) || nearestOf(names, () => flag).length > 0)
  )
}

function wordsOf(request: Request): readonly Word[] {
  if ('words' in request) return shellWords(request.words)
  return splitWords('line' in request ? request.line.replace(/^\s*\/(vakt\b\s*)?/, '') : request.command)
}

function refuseRole<C>(command: Command<C>, by: { role: Role; keyId?: string | undefined }): void {
  if (roleAllows(by.role, command.role)) return
  const advice = by.keyId
    ? `the role of this key is ${by.role}. Use another key; "keys create" makes one.`
    : `your role is ${by.role}. An admin can change it with "roles set".`
  throw new Problem('forbidden', `"${command.name}" needs the role ${command.role}; ${advice}`)
}

/** Limits a request with a project key to that project and its alerts. */
function limitToProject<C>(
  state: State,
  command: Command<C>,
  raw: Record<string, unknown>,
  project: string,
): Record<string, unknown> {
  const alert = command.arguments.find(argument => argument.complete === 'alert' && argument.required)
  // "ack all" is limited by its project argument, below.
  if (alert && String(raw[alert.name]).toLowerCase() !== 'all') {
    const id = Number(String(raw[alert.name] ?? '').replace('#', ''))
    // The answer must not show whether an alert of another project exists.
    if (!Number.isInteger(id) || readAlert(state, id)?.projectId === findProject(state, project).id) return raw
    throw new Problem('not_found', `There is no alert ${id} in the project ${project}.`)
  }
  if (command.name === 'help') return raw
  const takesProject =
    !BEYOND_PROJECTS.test(command.name) && command.arguments.some(argument => argument.name === 'project')
  if (takesProject && (raw.project ?? project) === project) return { ...raw, project }
  throw new Problem(
    'forbidden',
    `This key is limited to the project ${project}, and "${command.name}" is not. Use the admin key.`,
  )
}

/**
 * Commands that reach beyond a project although they take one: hosts and what Vakt sends to belong to all projects, and the project argument
 * of an edited rule is the new project, not the one that it has.
 */
const BEYOND_PROJECTS = /^(hosts|containers|actions|forwards|reports) |^board\b|^rules edit$/

/** The request as it would be typed. */
function describeRequest(request: Request): string {
  if ('line' in request) return truncate(request.line.trim(), MAX_AUDIT_LENGTH)
  if ('words' in request) return truncate(typed(request.words), MAX_AUDIT_LENGTH)
  const args = Object.entries(request.args).filter(([, value]) => value !== undefined && value !== null)
  const words = args.map(([name, value]) => `--${kebab(name)}=${quoteWord(valueText(value))}`)
  return truncate([request.command, ...words].join(' '), MAX_AUDIT_LENGTH)
}

/** The same with the values of secret arguments left out. */
function describeWithoutSecrets<C>(request: Request, command: Command<C>, raw: Record<string, unknown>): string {
  const secrets = command.arguments.filter(argument => argument.secret).map(argument => argument.name)
  const shown = Object.entries(raw).map(([name, value]) => [name, secrets.includes(kebab(name)) ? '[hidden]' : value])
  if (!shown.some(([, value]) => value === '[hidden]')) return describeRequest(request)
  return describeRequest({ command: command.name, args: Object.fromEntries(shown) })
}

const MAX_AUDIT_LENGTH = 2_000

function valueText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function asProblem(error: unknown, logger: Logger, request: string, mayHaveChanged = false): Problem {
  if (error instanceof Problem) return error
  logger.error('command failed', { request, error })
  const outcome = mayHaveChanged ? 'A part of the command may be done' : 'Nothing was changed'
  return new Problem(
    'internal',
    `Vakt failed because of a fault of its own. ${outcome}; the log of Vakt has the details.`,
    { cause: error },
  )
}

/** Runs a command in a transaction. One that changes nothing is also answered while the database cannot be written. */
function transactionOrRead<T>(state: State, { changes }: { changes: boolean }, run: () => T): T {
  try {
    return state.transaction(run)
  } catch (error) {
    if (changes || !(error instanceof Problem && error.isStorage)) throw error
    return run()
  }
}
