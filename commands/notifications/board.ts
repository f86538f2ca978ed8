// The commands about live boards: one message in a channel that always shows what is wrong, edited in place.
import { z } from 'zod'
import { listAlerts } from '../../src/alerts/alerts.ts'
import type { Text } from '../../src/card.ts'
import type { Channel } from '../../src/chat/channel.ts'
import { completes, positional } from '../../src/command/command.ts'
import { type Board, listBoards, readBoard } from '../../src/notifications/boards/boards.ts'
import { findChannel } from '../../src/notifications/routing/channels.ts'
import { onCallAt } from '../../src/notifications/routing/on-call.ts'
import { listPeople, personOf } from '../../src/notifications/routing/people.ts'
import { listOverrides, listRotations } from '../../src/notifications/routing/rotations.ts'
import { Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { type Context, channelHere, command, projectName } from '../context.ts'

const MAX_OWN_ALERTS = 200

const toChannel = () => completes(positional(z.string().min(1).max(200).optional()), 'channel')
const project = () => projectName().optional().describe('Only alerts, checks and errors of this project')

const show = command({
  name: 'board',
  summary: 'Show a live board in a channel: open alerts, checks, hosts, errors, who is on call',
  details:
    'One message, which Vakt edits in place within seconds of a change, and pins where it may. It survives restarts, and is posted again when somebody deletes it. The same command again moves it to the end of the channel.',
  examples: ['board', 'board ops', 'board --project shop'],
  role: 'responder',
  args: {
    channel: toChannel().describe('Name or id of the channel (default: this one)'),
    project: project(),
  },
  async run({ channel: name, project }, context) {
    const projectId = project === undefined ? null : findProject(context.state, project).id
    const channel = name === undefined ? channelHere(context) : channelNamed(name, context)
    // Where messages cannot be edited, the board is shown once.
    if (name === undefined && !channel?.capabilities.edits) return snapshot(projectId, context)
    if (!channel) throw new Problem('conflict', `The channel ${name} cannot be reached at the moment.`)
    if (!channel.capabilities.edits)
      throw new Problem(
        'invalid',
        `A message in ${channel.name} cannot be changed once it is sent, so a board would not be live there. "reports add" sends a summary there at set times.`,
      )
    const board = await context.boards.add(channel, projectId, context.by.name)
    const isShown = board.ref !== null
    return {
      card: {
        title: isShown ? `The board is live in ${channel.name}` : `The board will be live in ${channel.name}`,
        tone: isShown ? 'good' : 'warning',
        lines: [`It shows ${subjectOf(board, context)}. ${placeSentence(board, context)}`],
        buttons: [{ label: 'Remove the board', line: `board remove ${board.channelId}` }],
      },
      result: { board: boardResult(board, context) },
    }
  },
})

const now = command({
  name: 'board now',
  summary: 'Show the board once, as it is now',
  examples: ['board now', 'board now --project shop'],
  role: 'viewer',
  args: { project: project() },
  run({ project }, context) {
    return snapshot(project === undefined ? null : findProject(context.state, project).id, context)
  },
})

const list = command({
  name: 'board list',
  summary: 'Show the channels that have a live board',
  role: 'viewer',
  args: {},
  run(_, context) {
    const boards = listBoards(context.state)
    return {
      card: {
        title: boards.length === 0 ? 'No boards' : plural(boards.length, 'live board'),
        tone: 'plain',
        ...(boards.length === 0
          ? { lines: ['"board" in a channel shows a live board there.'] }
          : {
              rows: boards.map(board => ({
                name: nameOf(board, context),
                text: boardLine(board, context),
                action: { label: 'Remove', line: `board remove ${board.channelId}` },
              })),
            }),
      },
      result: { boards: boards.map(board => boardResult(board, context)) },
    }
  },
})

const remove = command({
  name: 'board remove',
  aliases: ['board off'],
  summary: 'Remove the live board of a channel, with its message',
  examples: ['board remove', 'board remove ops'],
  role: 'responder',
  args: { channel: toChannel().describe('Name or id of the channel (default: this one)') },
  async run({ channel: name }, context) {
    const board = boardNamed(name, context)
    const isDeleted = await context.boards.remove(board)
    const note = isDeleted ? [] : ['Its message could not be deleted. Delete it in the chat.']
    return {
      card: {
        title: `The board in ${nameOf(board, context)} is removed`,
        tone: 'muted',
        lines: [...note, '"board" shows another.'],
      },
      result: { board: boardResult(board, context) },
    }
  },
})

export const boardCommands = [show, now, list, remove]

/** The board as an answer, which is of now, with what concerns the person who asks. */
function snapshot(projectId: number | null, context: Context) {
  const { footer, ...card } = context.boards.card(projectId)
  return { card: { ...card, lines: [...(card.lines ?? []), ...ownLines(context)] }, result: { board: null } }
}

/** Whether the person is on call, and which open alerts they acknowledged. */
function ownLines({ state, now, by }: Context): Text[] {
  const name = personOf(listPeople(state), by.platform, by.id)
  const shifts = listRotations(state).flatMap((rotation): Text[] => {
    const { who, until } = onCallAt(rotation, listOverrides(state, rotation, now), now)
    return who === name ? [['You are on call (', rotation.name, ') until ', { time: until, style: 'moment' }, '.']] : []
  })
  const own = listAlerts(state, { open: true, limit: MAX_OWN_ALERTS }).filter(alert => alert.acknowledgedBy === by.name)
  return [...shifts, ...(own.length === 0 ? [] : [`You have ${own.map(({ id }) => `alert ${id}`).join(', ')}.`])]
}

function channelNamed(name: string, { state, parts }: Context): Channel | undefined {
  return parts.channel(findChannel(state, name).id)
}

function boardNamed(name: string | undefined, context: Context): Board {
  const { state } = context
  const all = listBoards(state)
  const own = name === undefined ? channelHere(context)?.id : undefined
  const wanted =
    name === undefined ? own : all.some(board => board.channelId === name) ? name : findChannel(state, name).id
  const board = wanted === undefined ? undefined : readBoard(state, wanted)
  if (board) return board
  if (name === undefined && all.length === 1) return all[0]!
  const channels = all.map(({ channelId }) => channelId).join(', ')
  throw new Problem(
    'not_found',
    all.length === 0
      ? 'There is no live board. "board" in a channel shows one.'
      : `There is no board in ${name ?? 'this channel'}. There are boards in ${channels}.`,
  )
}

function nameOf({ channelId }: Board, { parts }: Context): string {
  return parts.channel(channelId)?.name ?? channelId
}

function placeSentence({ ref, isPinned, channelId }: Board, { boards }: Context): string {
  if (ref === null) return `It could not be sent yet: ${boards.error(channelId) ?? 'no answer yet'} Vakt keeps trying.`
  return isPinned
    ? 'It is pinned.'
    : 'It could not be pinned: Vakt may lack the permission. Pin it yourself to keep it in sight.'
}

function subjectOf({ projectId }: Board, { state }: Context): string {
  return projectId === null ? 'all projects' : `the project ${readProjectById(state, projectId)?.name ?? projectId}`
}

function boardLine(board: Board, context: Context): Text {
  const error = context.boards.error(board.channelId)
  return [
    { bold: nameOf(board, context) },
    ` · ${subjectOf(board, context)} · ${board.isPinned ? 'pinned' : 'not pinned'} · set by ${board.setBy}`,
    ...(error === null ? [] : [` · not up to date: ${error}`]),
  ]
}

function boardResult(board: Board, context: Context) {
  return {
    channel: board.channelId,
    project: board.projectId === null ? null : (readProjectById(context.state, board.projectId)?.name ?? null),
    pinned: board.isPinned,
    set_by: board.setBy,
    created_at: isoTime(board.createdAt),
    error: context.boards.error(board.channelId),
  }
}
