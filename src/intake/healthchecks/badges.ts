// Badges: the status of a check, of the checks of a tag or of a whole project, as SVG, JSON or for shields.io; without a key.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono } from '@hono/zod-openapi'
import { type Check, shownStatus } from '../../checks/check.ts'
import { listChecks, readCheck } from '../../checks/checks.ts'
import { listDetails, readDetails } from '../../checks/healthchecks/check-details.ts'
import { badgeCheckId, badgeKey } from '../../checks/healthchecks/check-document.ts'
import { listProjects, type Project } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'
import { ApiError, answerApi, jsonAnswer, textAnswer } from './api-answer.ts'
import type { HealthchecksOptions } from './api-key.ts'
import { BADGE_ROUTES } from './api-schemas.ts'
import { type BadgeStatus, badgeSvg } from './badge-svg.ts'

const FORMATS = ['svg', 'json', 'shields'] as const
type Format = (typeof FORMATS)[number]

const EVERY_CHECK = '*'
/** The end of a signature of badges that show late checks as up. */
const WITHOUT_LATE = '-2'
const SIGNATURE_LENGTH = 8
const SHIELDS_COLORS = { up: 'success', late: 'important', down: 'critical' } as const satisfies Record<
  BadgeStatus,
  string
>
const NEVER_CACHED = 'max-age=0, no-cache, no-store, must-revalidate, private'

/** The addresses of the badges of a project by tag; `*` is all of its checks. */
export function projectBadges(state: State, project: Project, tags: readonly string[], publicUrl: string) {
  const secret = badgeSecret(state)
  const key = projectKey(secret, project)
  return Object.fromEntries(
    tags.map(tag => {
      const signature = signTag(secret, project, tag)
      const address = (format: Format, late: boolean) => {
        const base = `${publicUrl}/badge/${key}/${signature}${late ? '' : WITHOUT_LATE}`
        return tag === EVERY_CHECK ? `${base}.${format}` : `${base}/${encodeURIComponent(tag)}.${format}`
      }
      const both = FORMATS.flatMap(format => [
        [format, address(format, false)],
        [`${format}3`, address(format, true)],
      ])
      return [tag, Object.fromEntries(both) as { [name: string]: string }]
    }),
  )
}

/** The routes of badges. */
export function badgeRoutes(options: HealthchecksOptions) {
  const { state, clock } = options
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  const answers = {
    check: (names: { [name: string]: string }) => {
      const { name, format } = readFile(names.file)
      const id = badgeCheckId(name)
      const check = id === null ? undefined : readCheck(state, id)
      if (!check || badgeKey(check) !== name) throw new ApiError(404, 'not found')
      return badge([check], readDetails(state, check).apiName || check.name, format, names.states === '3')
    },
    project: (names: { [name: string]: string }) => {
      const { name: signature, format } = readFile(names.file)
      return ofTag(names.badge_key, signature, EVERY_CHECK, format)
    },
    tag: (names: { [name: string]: string }) => {
      const { name, format } = readFile(names.file)
      return ofTag(names.badge_key, names.signature ?? '', decoded(name), format)
    },
  }
  const ofTag = (key: string | undefined, signature: string, tag: string, format: Format) => {
    const secret = badgeSecret(state)
    const project = listProjects(state).find(candidate => projectKey(secret, candidate) === key)
    const withLate = !signature.endsWith(WITHOUT_LATE)
    const plain = withLate ? signature : signature.slice(0, -WITHOUT_LATE.length)
    if (!project || !isEqual(plain, signTag(secret, project, tag))) throw new ApiError(404, 'not found')
    const all = listChecks(state, { projectId: project.id })
    const details = listDetails(state, project.id, all)
    const hasTag = (place: number) => tag === EVERY_CHECK || details[place]!.tags.split(/\s+/).includes(tag)
    const label = tag === EVERY_CHECK ? project.name : tag
    return badge(
      all.filter((_, place) => hasTag(place)),
      label,
      format,
      withLate,
    )
  }
  const badge = (all: readonly Check[], label: string, format: Format, withLate: boolean): Response => {
    const shown = all.map(check => shownStatus(check, clock.now()))
    const down = shown.filter(status => status === 'down').length
    const grace = shown.filter(status => status === 'late').length
    const status: BadgeStatus = down > 0 ? 'down' : grace > 0 && withLate ? 'late' : 'up'
    const answer = { svg: svgAnswer, json: jsonCounts, shields }[format](label, status, {
      total: all.length,
      grace,
      down,
    })
    answer.headers.set('cache-control', NEVER_CACHED)
    return answer
  }
  for (const { name, route } of BADGE_ROUTES) {
    app.openAPIRegistry.registerPath(route)
    app.on('GET', route.getRoutingPath(), c => answerApi(['GET'], () => answers[name](c.req.param() as never)))
  }
  return app
}

type Counts = { total: number; grace: number; down: number }

function svgAnswer(label: string, status: BadgeStatus): Response {
  return textAnswer(badgeSvg(label, status), 200, 'image/svg+xml')
}

function jsonCounts(_label: string, status: BadgeStatus, counts: Counts): Response {
  return jsonAnswer({ status, ...counts })
}

/** https://shields.io/badges/endpoint-badge */
function shields(label: string, status: BadgeStatus): Response {
  return jsonAnswer({ schemaVersion: 1, label, message: status, color: SHIELDS_COLORS[status] })
}

/** `abc.svg` as its name and format. Throws 404 for another format. */
function readFile(file = ''): { name: string; format: Format } {
  const dot = file.lastIndexOf('.')
  const format = FORMATS.find(known => known === file.slice(dot + 1))
  if (dot < 1 || format === undefined) throw new ApiError(404, 'not found')
  return { name: file.slice(0, dot), format }
}

/** Healthchecks quotes tags twice: once for the tag, once for the URL. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Made when the first badge is asked for; whoever knows it can make badges of every project. */
function badgeSecret(state: State): string {
  const stored = readValue(state, 'badge secret')
  if (stored !== null) return stored
  const secret = randomBytes(32).toString('base64url')
  state.transaction(() => writeValue(state, 'badge secret', secret))
  return secret
}

function projectKey(secret: string, { id }: Project): string {
  const text = hmac(secret, `project ${id}`).toString('hex')
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-8${text.slice(17, 20)}-${text.slice(20, 32)}`
}

function signTag(secret: string, { id }: Project, tag: string): string {
  return hmac(secret, `tag ${id} ${tag}`).toString('base64url').replaceAll('-', 'a').slice(0, SIGNATURE_LENGTH)
}

function isEqual(shown: string, right: string): boolean {
  const [given, wanted] = [Buffer.from(shown), Buffer.from(right)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function hmac(secret: string, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}
