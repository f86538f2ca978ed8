// Actions: what can be run, where, and what was.
import { z } from 'zod'
import { runCard } from '../../src/alerts/run-card.ts'
import type { Button } from '../../src/card.ts'
import { completes } from '../../src/command/command.ts'
import { listRuns, readRun } from '../../src/hosts/actions/action-runs.ts'
import { findAction, listActions } from '../../src/hosts/actions/actions.ts'
import { Problem } from '../../src/problem.ts'
import { command, counted } from '../context.ts'
import {
  actionFields,
  actionLine,
  actionName,
  actionResult,
  historyLine,
  placesOf,
  runResult,
  sentLine,
} from './action-card.ts'

const PAGE = 15
const RUN_BUTTONS = 4

const list = command({
  name: 'actions list',
  summary: 'Show the actions: what can be run on hosts and containers',
  examples: ['actions list'],
  role: 'viewer',
  args: { page: z.number().int().min(1).optional().describe('Which page') },
  run({ page = 1 }, { state, by }) {
    const found = listActions(state)
    const shown = found.slice((page - 1) * PAGE, page * PAGE)
    const empty =
      found.length > 0
        ? 'There is no such page.'
        : `There are none yet. ${by.role === 'admin' ? 'Define one' : 'An admin defines one'}: actions add restart-nginx --on web-1 --run "sudo -n systemctl restart nginx"`
    return {
      card: {
        title: counted(found.length, 'action'),
        tone: 'plain',
        lines: shown.length > 0 ? shown.map(actionLine) : [empty],
        buttons: [
          ...(page > 1 ? [{ label: 'Previous', line: `actions list --page ${page - 1}` }] : []),
          ...(found.length > page * PAGE ? [{ label: 'Next', line: `actions list --page ${page + 1}` }] : []),
          ...(found.length > 0 ? [{ label: 'History', line: 'actions history' }] : []),
        ],
      },
      result: { actions: found.map(actionResult) },
    }
  },
})

const show = command({
  name: 'actions show',
  summary: 'Show an action: its command, where and for which alerts it runs, and how it went',
  examples: ['actions show restart-nginx'],
  role: 'viewer',
  args: { action: actionName().describe('Name of the action') },
  run({ action: name }, context) {
    const { state, by } = context
    const action = findAction(state, name)
    const runs = listRuns(state, { actionId: action.id, limit: 3 })
    const places = placesOf(context, action)
    const sent = sentLine(context, action)
    return {
      card: {
        title: `The action ${action.name}`,
        tone: 'plain',
        lines: runs.length > 0 ? runs.map(historyLine) : ['It never ran.'],
        fields: actionFields(context, action),
        // Whoever keeps a forced command on the host needs the whole line.
        code: {
          text: by.role === 'admin' ? `${action.command}\n\n# As it reaches the host:\n${sent}` : action.command,
          language: 'sh',
        },
        buttons: [
          ...places
            .slice(0, RUN_BUTTONS)
            .map((place): Button => ({ label: `Run on ${place}`, line: `actions run ${action.name} --on ${place}` })),
          { label: 'History', line: `actions history ${action.name}` },
        ],
        footer: ['Changed by ', action.changedBy, ' ', { time: action.changedAt, style: 'moment' }],
      },
      result: { action: actionResult(action), places, sent, runs: runs.map(runResult) },
    }
  },
})

const history = command({
  name: 'actions history',
  summary: 'Show what was run, by whom and how it went, newest first; or one run with what it said',
  examples: ['actions history', 'actions history restart-nginx', 'actions history --id 7'],
  role: 'responder',
  changes: false,
  args: {
    action: actionName().optional().describe('Only of this action; or the number of a run'),
    host: completes(z.string().max(63), 'host').optional().describe('Only on this host'),
    id: z.number().int().positive().optional().describe('The run of this number, with what it said'),
    before: z.number().int().positive().optional().describe('Only runs with a smaller number than this'),
  },
  run({ action: name, host, id: number, before }, { state }) {
    const named = name !== undefined && listActions(state).some(one => one.name === name)
    const id = number ?? (!named && /^\d{1,15}$/.test(name ?? '') ? Number(name) : undefined)
    if (id !== undefined) {
      const run = readRun(state, id)
      if (!run) throw new Problem('not_found', `There is no run ${id}. "actions history" shows those there are.`)
      return { card: runCard(run), result: { runs: [runResult(run)] } }
    }
    const action = name === undefined ? undefined : findAction(state, name)
    const found = listRuns(state, {
      ...(action ? { actionId: action.id } : {}),
      ...(host === undefined ? {} : { host }),
      ...(before === undefined ? {} : { before }),
      limit: PAGE + 1,
    })
    const shown = found.slice(0, PAGE)
    const flags = [action?.name ?? '', host === undefined ? '' : `--host ${host}`].filter(word => word !== '')
    const older = ['actions history', ...flags, `--before ${shown.at(-1)?.id}`].join(' ')
    return {
      card: {
        title: shown.length === 0 ? 'Nothing was run yet' : 'What was run, newest first',
        tone: 'plain',
        lines: shown.length > 0 ? shown.map(historyLine) : ['"actions list" shows what can be.'],
        buttons: [
          ...shown
            .slice(0, 3)
            .map((run): Button => ({ label: `Run ${run.id}`, line: `actions history --id ${run.id}` })),
          ...(found.length > PAGE ? [{ label: 'Older', line: older }] : []),
        ],
      },
      result: { runs: shown.map(runResult) },
    }
  },
})

export const actionCommands = [list, show, history]
