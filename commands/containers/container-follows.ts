// Follows containers into the log store, so that their lines can be searched also after they are removed.
import { listContainers } from '../../src/hosts/containers/containers.ts'
import {
  deleteUnfollowedPositions,
  listFollowedContainers,
  MAX_FOLLOWED_PER_HOST,
} from '../../src/hosts/containers/follow-job.ts'
import { addFollow, type Follow, listFollows, removeFollow } from '../../src/hosts/containers/follows.ts'
import { type Host, parsePattern } from '../../src/hosts/host.ts'
import { findHost, readHost } from '../../src/hosts/hosts.ts'
import { wildcardTest } from '../../src/logs/query/wildcard.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { type Context, command, projectName } from '../context.ts'
import { storeOf } from '../logs/log-query.ts'
import { containerNames } from './container-lines.ts'

const follow = command({
  name: 'containers follow',
  summary: 'Store the logs of containers, for "logs search"',
  details:
    'A pattern such as web-1/api-* also matches future containers. Each line is stored once, across restarts of Vakt, the container and the connection. On a host with SSH Vakt follows up to 20 containers at a time, running ones first. Without a pattern it lists the followed patterns.',
  examples: ['containers follow', 'containers follow web-1/nginx', 'containers follow "web-1/*" --project shop'],
  role: 'admin',
  args: {
    containers: containerNames().optional().describe('host/container, or host/pattern such as web-1/api-*'),
    project: projectName().optional().describe('Project of the lines (default: that of the host)'),
  },
  run({ containers, project }, context) {
    storeOf(context)
    if (containers === undefined) return listPatterns(context)
    const { host, pattern } = findHostPattern(context, containers)
    const added = addFollow(context.state, {
      hostId: host.id,
      pattern,
      projectId: project === undefined ? host.projectId : findProject(context.state, project).id,
      addedAt: context.now,
      addedBy: context.by.name,
    })
    context.followJob?.refresh()
    const matching = countMatching(context, host, pattern)
    const followed = countFollowed(context, added)
    const isPartial = followed < matching
    return {
      card: {
        title: `Following ${host.name}/${pattern}`,
        tone: isPartial ? 'warning' : 'good',
        lines: [
          matching === 0
            ? 'No container matches yet; matching new containers are followed.'
            : `It matches ${plural(matching, 'container')} now.`,
          ...(isPartial
            ? [
                `Only ${followed} of them are followed: the limit of a host is ${MAX_FOLLOWED_PER_HOST}, running containers first. Use narrower patterns.`,
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
  summary: "Stop collecting a container's logs; stored lines are kept",
  examples: ['containers unfollow web-1/nginx'],
  role: 'admin',
  args: { containers: containerNames().describe('host/container or host/pattern, as in "containers follow"') },
  run({ containers }, context) {
    const { host, pattern } = findHostPattern(context, containers)
    removeFollow(context.state, host.id, pattern)
    context.followJob?.refresh()
    deleteUnfollowedPositions(context.state, host.id)
    return {
      card: { title: `Stopped following ${host.name}/${pattern}`, tone: 'muted', lines: ['Stored lines are kept.'] },
      result: { follows: listFollows(context.state).map(follow => followResult(context, follow)) },
    }
  },
})

export const followCommands = [follow, unfollow]

function listPatterns(context: Context) {
  const all = listFollows(context.state)
  return {
    card: {
      title: all.length === 0 ? 'No container is followed' : 'Followed containers',
      tone: 'plain' as const,
      lines:
        all.length === 0
          ? ['Follow containers to store and search their logs: containers follow "web-1/*"']
          : all.map(follow => {
              const host = readHost(context.state, follow.hostId)!
              const { project } = followResult(context, follow)
              return [
                { bold: `${host.name}/${follow.pattern}` },
                ` · ${describeCounts(context, host, follow)} · project ${project} · by ${follow.addedBy} `,
                { time: follow.addedAt, style: 'relative' as const },
                ...listRejected(context, host, follow).map(
                  ({ source, lines, message }) => ` · ${plural(lines, 'line')} of ${source} not kept: ${message}`,
                ),
              ]
            }),
    },
    result: { follows: all.map(follow => followResult(context, follow)) },
  }
}

/** What was not stored of the containers of a pattern. */
function listRejected({ parts }: Context, host: Host, { pattern }: Follow) {
  const matches = wildcardTest(pattern)
  return parts.rejections.list().filter(kind => kind.host === host.name && matches(kind.source))
}

function findHostPattern({ state }: Context, text: string): { host: Host; pattern: string } {
  const { host, container } = parsePattern(text)
  return { host: findHost(state, host), pattern: container }
}

function countMatching({ state }: Context, host: Host, pattern: string): number {
  const matches = wildcardTest(pattern)
  return listContainers(state, host.id).filter(({ name }) => matches(name)).length
}

/** How many containers that match a pattern are followed now, by any pattern. */
function countFollowed({ state }: Context, { hostId, pattern }: Follow): number {
  const matches = wildcardTest(pattern)
  return [...listFollowedContainers(state).values()].filter(
    ({ host, container }) => host.id === hostId && matches(container),
  ).length
}

function describeCounts(context: Context, host: Host, follow: Follow): string {
  const matching = countMatching(context, host, follow.pattern)
  const followed = countFollowed(context, follow)
  return `${plural(matching, 'container')}${followed < matching ? `, ${followed} followed now` : ''}`
}

function followResult({ state }: Context, follow: Follow) {
  const project = follow.projectId === null ? undefined : readProjectById(state, follow.projectId)
  return {
    host: readHost(state, follow.hostId)?.name ?? null,
    pattern: follow.pattern,
    project: project?.name ?? 'default',
    added_at: isoTime(follow.addedAt),
    added_by: follow.addedBy,
  }
}
