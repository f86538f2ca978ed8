// Which containers are followed into the log store, so that what they said can be searched when they are gone.
import { listContainers } from '../../src/hosts/containers/containers.ts'
import { FOLLOWED_EACH, followedNow, forgetUnfollowed } from '../../src/hosts/containers/follow-job.ts'
import { addFollow, type Follow, listFollows, removeFollow } from '../../src/hosts/containers/follows.ts'
import { type Host, parsePattern } from '../../src/hosts/host.ts'
import { findHost, readHost } from '../../src/hosts/hosts.ts'
import { wildcardTest } from '../../src/logs/query/wildcard.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { isoTime } from '../../src/time.ts'
import { type Context, command, counted, projectName } from '../context.ts'
import { storeOf } from '../logs/log-query.ts'
import { containerNames } from './container-lines.ts'

const follow = command({
  name: 'containers follow',
  summary: 'Store what containers say from now on, to be searched with "logs search"',
  details:
    'A pattern holds containers that come later too: web-1/api-*. Each line is stored once, over restarts of Vakt, of the container and of the connection; up to 20 containers of a host are followed at a time (as many as there are on the local one), those that run first. Without a pattern: what is followed.',
  examples: ['containers follow', 'containers follow web-1/nginx', 'containers follow "web-1/*" --project shop'],
  role: 'admin',
  args: {
    containers: containerNames().optional().describe('host/container, or host/pattern such as web-1/api-*'),
    project: projectName().optional().describe('The project of the lines; that of the host unless said'),
  },
  run({ containers, project }, context) {
    storeOf(context)
    if (containers === undefined) return listed(context)
    const { host, pattern } = patternOn(context, containers)
    const added = addFollow(context.state, {
      hostId: host.id,
      pattern,
      projectId: project === undefined ? host.projectId : findProject(context.state, project).id,
      addedAt: context.now,
      addedBy: context.by.name,
    })
    context.following?.refresh()
    const held = holds(context, host, pattern)
    const now = followed(context, added)
    const left = held - now
    return {
      card: {
        title: `${host.name}/${pattern} is followed`,
        tone: left > 0 ? 'warning' : 'good',
        lines: [
          held === 0
            ? 'No container fits it yet; those that come will be.'
            : `It holds ${counted(held, 'container')} now.`,
          ...(left > 0
            ? [
                `Only ${now} of them are followed: on a host it is ${FOLLOWED_EACH} at a time, those that run first. Follow fewer, by narrower patterns.`,
              ]
            : []),
          `Find the lines with: logs search host:${host.name}`,
        ],
      },
      result: { follows: [followResult(context, added)] },
    }
  },
})

const unfollow = command({
  name: 'containers unfollow',
  summary: 'Store what containers say no more; what is stored stays',
  examples: ['containers unfollow web-1/nginx'],
  role: 'admin',
  args: { containers: containerNames().describe('As it was given to "containers follow"') },
  run({ containers }, context) {
    const { host, pattern } = patternOn(context, containers)
    removeFollow(context.state, host.id, pattern)
    context.following?.refresh()
    forgetUnfollowed(context.state, host.id)
    return {
      card: { title: `${host.name}/${pattern} is followed no more`, tone: 'muted', lines: ['What was stored stays.'] },
      result: { follows: listFollows(context.state).map(one => followResult(context, one)) },
    }
  },
})

export const followCommands = [follow, unfollow]

function listed(context: Context) {
  const all = listFollows(context.state)
  return {
    card: {
      title: all.length === 0 ? 'No container is followed' : `Followed into the log store`,
      tone: 'plain' as const,
      lines:
        all.length === 0
          ? ['What containers say is then kept and searchable. Begin: containers follow "web-1/*"']
          : all.map(one => {
              const host = readHost(context.state, one.hostId)!
              const { project } = followResult(context, one)
              return [
                { bold: `${host.name}/${one.pattern}` },
                ` · ${heldAndFollowed(context, host, one)} · project ${project} · by ${one.addedBy} `,
                { time: one.addedAt, style: 'relative' as const },
              ]
            }),
    },
    result: { follows: all.map(one => followResult(context, one)) },
  }
}

function patternOn({ state }: Context, text: string): { host: Host; pattern: string } {
  const { host, container } = parsePattern(text)
  return { host: findHost(state, host), pattern: container }
}

function holds({ state }: Context, host: Host, pattern: string): number {
  const fits = wildcardTest(pattern)
  return listContainers(state, host.id).filter(one => fits(one.name)).length
}

/** How many of those that a pattern holds are followed at the moment, by whichever pattern. */
function followed({ state }: Context, { hostId, pattern }: Follow): number {
  const fits = wildcardTest(pattern)
  return [...followedNow(state).values()].filter(one => one.host.id === hostId && fits(one.container)).length
}

function heldAndFollowed(context: Context, host: Host, one: Follow): string {
  const [held, now] = [holds(context, host, one.pattern), followed(context, one)]
  return `${counted(held, 'container')}${now < held ? `, ${now} of them followed now` : ''}`
}

function followResult({ state }: Context, one: Follow) {
  const project = one.projectId === null ? undefined : readProjectById(state, one.projectId)
  return {
    host: readHost(state, one.hostId)?.name ?? null,
    pattern: one.pattern,
    project: project?.name ?? 'default',
    added_at: isoTime(one.addedAt),
    added_by: one.addedBy,
  }
}
