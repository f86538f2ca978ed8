// Defining actions: an admin writes the command, and everything about who may run it, where and when.

import { z } from 'zod'
import { readMatcher } from '../../src/alerts/matcher.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { parseOn, writeOn } from '../../src/hosts/actions/action.ts'
import { listRuns } from '../../src/hosts/actions/action-runs.ts'
import { addAction, editAction, findAction, type NewAction, removeAction } from '../../src/hosts/actions/actions.ts'
import { invalid } from '../../src/problem.ts'
import { HOUR, MINUTE } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, duration, readable, yes } from '../context.ts'
import { actionFields, actionName, actionResult } from './action-card.ts'

const TIME_LIMIT = MINUTE
const LONGEST = HOUR
const COOL_DOWN = 15 * MINUTE

const settings = {
  for: z
    .string()
    .trim()
    .min(1)
    .max(500)
    .optional()
    .describe('Which alerts offer it, such as "check:nginx severity>=warning"'),
  role: z.enum(['responder', 'admin']).optional().describe('Who may run it, responder unless said'),
  secondPerson: z.boolean().optional().describe('A second person must confirm each run'),
  timeLimit: duration().optional().describe('How long a run may take, 1m unless said, 1h at the most'),
  auto: z.boolean().optional().describe('Run it by itself too, once for each alert that fires'),
  perHour: z.number().int().min(1).max(60).optional().describe('By itself at most so often an hour, once unless said'),
  coolDown: duration(0)
    .optional()
    .describe('By itself not sooner after the last run in the same place, 15m unless said'),
}

type Settings = { [K in keyof typeof settings]?: z.output<(typeof settings)[K]> }

const add = command({
  name: 'actions add',
  summary: 'Define a command that people may run on hosts, from an alert or by name',
  details:
    'The command is run as you write it, by sh, as the user that Vakt signs in as. It finds the names in $VAKT_HOST and $VAKT_CONTAINER. With * in --on the place comes from the alert.',
  examples: [
    'actions add restart-nginx --on "web-*" --run "sudo -n systemctl restart nginx" --for "check:shop"',
    'actions add restart --on "*/api" --run \'docker restart "$VAKT_CONTAINER"\' --second-person',
  ],
  role: 'admin',
  args: {
    name: positional(z.string().trim().min(1).max(40)).describe('A name, such as restart-nginx'),
    on: completes(readable(parseOn, 320), 'host').describe('A host, or host/container; * stands for anything'),
    run: z.string().min(1).max(4000).describe('The command, for the shell of the host'),
    ...settings,
  },
  run({ name, on, run, ...given }, context) {
    const { state, now, by } = context
    const draft: NewAction = {
      ...{ name, ...on, command: run, matcher: null, role: 'responder', secondPerson: false },
      ...{ timeLimit: TIME_LIMIT, automatic: false, perHour: 1, coolDown: COOL_DOWN },
      ...{ addedAt: now, addedBy: by.name, changedAt: now, changedBy: by.name },
    }
    const action = addAction(state, sound({ ...draft, ...changesOf(given) }))
    return {
      card: {
        title: `The action ${action.name} is there`,
        tone: 'good',
        lines: action.automatic ? [] : ['It runs only when somebody presses its button or says "actions run".'],
        fields: actionFields(context, action),
        code: { text: action.command, language: 'sh' },
        buttons: [{ label: 'Show', line: `actions show ${action.name}` }],
      },
      result: { action: actionResult(action) },
    }
  },
})

const edit = command({
  name: 'actions edit',
  summary: 'Change an action',
  details:
    '"none" takes the matcher away: --for none. --no-auto ends automatic runs. Requests that wait must be asked anew.',
  examples: ['actions edit restart-nginx --time-limit 2m', 'actions edit restart-nginx --no-auto'],
  role: 'admin',
  args: {
    action: actionName().describe('Name of the action'),
    on: completes(readable(parseOn, 320), 'host').optional().describe('Where it may run'),
    run: z.string().min(1).max(4000).optional().describe('The command'),
    ...settings,
  },
  run({ action: name, on, run, ...given }, context) {
    const { state, now, by } = context
    const action = findAction(state, name)
    const changes = { ...changesOf(given), ...on, ...(run === undefined ? {} : { command: run }) }
    if (Object.keys(changes).length === 0) throw invalid('settings', 'Say what to change, such as --time-limit 2m.')
    sound({ ...action, ...changes })
    const edited = editAction(state, action.id, { ...changes, changedAt: now, changedBy: by.name })
    return {
      card: {
        title: `${edited.name} is changed`,
        tone: 'good',
        fields: actionFields(context, edited),
        code: { text: edited.command, language: 'sh' },
      },
      result: { action: actionResult(edited) },
    }
  },
})

const remove = command({
  name: 'actions remove',
  summary: 'Remove an action; what it did stays in the history',
  examples: ['actions remove restart-nginx'],
  role: 'admin',
  args: { action: actionName().describe('Name of the action'), yes: yes() },
  run({ action: name, yes }, { state, interactive }: Context) {
    const action = findAction(state, name)
    const result = { action: actionResult(action) }
    if (interactive && !yes) {
      const [last] = listRuns(state, { actionId: action.id, limit: 1 })
      const ran: Text = last ? ['It ran last ', { time: last.startedAt, style: 'relative' }, '.'] : 'It never ran.'
      const line = `actions remove ${action.name}`
      return confirmation(`Remove the action ${action.name}?`, [`It is for ${writeOn(action)}.`, ran], { line })
    }
    removeAction(state, action.id)
    return { card: { title: `The action ${action.name} is removed`, tone: 'muted' }, result }
  },
})

export const actionChangeCommands = [add, edit, remove]

function changesOf(given: Settings): Partial<NewAction> {
  if (given.for !== undefined && given.for !== 'none') checkMatcher(given.for)
  const changes: { [K in keyof NewAction]?: NewAction[K] | undefined } = {
    matcher: given.for === undefined ? undefined : given.for === 'none' ? null : given.for,
    role: given.role,
    secondPerson: given.secondPerson,
    timeLimit: given.timeLimit,
    automatic: given.auto,
    perHour: given.perHour,
    coolDown: given.coolDown,
  }
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<NewAction>
}

/** Throws `invalid` for settings that contradict each other. */
function sound<A extends NewAction>(action: A): A {
  if (action.automatic && action.secondPerson)
    throw invalid(
      'auto',
      'What a second person must confirm cannot run by itself. Leave out --auto or --second-person.',
    )
  if (action.automatic && action.matcher === null)
    throw invalid('for', 'What runs by itself must say for which alerts: --for "check:shop".')
  if (action.timeLimit > LONGEST) throw invalid('time-limit', 'A run may take an hour at the most.')
  return action
}

function checkMatcher(text: string): void {
  try {
    readMatcher(text)
  } catch (error) {
    throw invalid('for', (error as Error).message)
  }
}
