// Any webhook: templates in the URL say what of its JSON is the key, the title and the state; without them usual names are tried.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../../problem.ts'
import { withIntakeKey } from '../../openapi/security.ts'
import { LOG_HEADERS } from '../../receive/log-parameters.ts'
import { looksLikeJson, mediaType } from '../content-type.ts'
import type { AlertProtocol, Received } from '../protocol.ts'
import {
  ALERT_RESPONSES,
  answerReported,
  MAX_ALERTS,
  type ReadReports,
  type ReportError,
  type ReportedAlert,
  readJson,
  readLabels,
  readLink,
  readSeverity,
  SIGNED_QUERY,
} from '../reported-alert.ts'
import { instantOf, type JsonObject, objectOf, textOf, valueAt } from './json-fields.ts'
import { fill, readTemplate, type Template } from './template.ts'

/** Where a parameter is absent: names of fields that mean the same, the likeliest first, in lower case without dashes. */
const USUAL = {
  alert_key:
    'alertkey,key,dedupkey,fingerprint,id,alertid,incidentid,eventid,monitorid,checkid,alarmarn,uuid,alarmname,name,title,subject',
  title:
    'title,summary,alertname,alarmname,rulename,monitorname,checkname,name,subject,message,msg,text,alarmdescription,description',
  state: 'state,status,newstatevalue,currentstate,alertstate,eventaction,eventtype,event,action',
  severity: 'severity,priority,level,urgency',
  text: 'description,details,newstatereason,cause,reason,message,msg,text,body,error',
  link: 'url,link,htmlurl,weburl,incidenturl,alerturl,permalink',
} as const
type Name = keyof typeof USUAL

/** Objects that programs wrap an alert in. */
const WRAPPERS = [
  'data',
  'attributes',
  'alert',
  'incident',
  'monitor',
  'check',
  'payload',
  'event',
  'object',
  'resource',
]
const MAX_WRAPPERS = 2

const template = (what: string, name: Name) =>
  z
    .string()
    .optional()
    .describe(
      `${what} (default: the first of the usual names, such as \`${USUAL[name].split(',').slice(0, 3).join('`, `')}\`).`,
    )

const QUERY = SIGNED_QUERY.extend({
  alert_key: template('What identifies the alert', 'alert_key'),
  title: template('Its title', 'title'),
  state: template('Its state', 'state'),
  severity: template('Its severity', 'severity'),
  text: template('Details for the card', 'text'),
  link: template('A web page about it', 'link'),
  labels: z.string().optional().describe('Its labels: `host:{server.name},service:{service}`.'),
  each: z.string().optional().describe('The path of a list: each of its elements is an alert.'),
  resolved: z
    .string()
    .optional()
    .describe('Words that mean that it ended, beside the usual ones (`up`, `ok`, `resolved` …), separated by commas.'),
  ignored: z.string().optional().describe('Words that change nothing, beside the usual ones (`pending`, `test` …).'),
})

const ROUTE = createRoute({
  method: 'post',
  path: '/api/alerts/webhook',
  operationId: 'reportWebhook',
  tags: ['Alerts'],
  summary: 'Receive any webhook as an alert, by templates',
  description: [
    'A template is a text with paths into the JSON: `title={monitor.name} is {status}`. A path with alternatives takes the first',
    'that is there: `{data.id|id|"none"}`. Each parameter is percent-encoded, as everywhere in a URL.',
  ].join('\n'),
  ...withIntakeKey,
  request: {
    query: QUERY,
    headers: LOG_HEADERS.pick({ 'Content-Encoding': true }),
    body: {
      required: true,
      content: {
        'application/json': { schema: z.unknown() },
        'application/x-www-form-urlencoded': { schema: z.record(z.string(), z.string()) },
      },
    },
  },
  responses: ALERT_RESPONSES,
})

export const webhook: AlertProtocol = {
  kind: 'alerts',
  name: 'webhook',
  detector: 'webhook',
  routes: [ROUTE],
  // GitHub, Gitea, Forgejo and many others sign like this.
  signature: { header: 'x-hub-signature-256', prefix: 'sha256=' },
  parse: readWebhook,
  answer: answerReported,
}

type Templates = { [name in Name]: Template | null } & {
  labels: readonly (readonly [name: string, template: Template])[]
  resolved: ReadonlySet<string>
  ignored: ReadonlySet<string>
}

/** Bodies are anything, but each alert needs a key, a title and a state that is understood. */
function readWebhook({ body, headers, parameters }: Received): ReadReports {
  const templates = readTemplates(parameters)
  // `curl -d` calls JSON a form.
  const isForm = mediaType(headers) === 'application/x-www-form-urlencoded' && !looksLikeJson(body)
  const sent = isForm ? Object.fromEntries(new URLSearchParams(body.toString('utf8'))) : readJson(body)
  const items = itemsOf(sent, parameters.get('each'))
  const reports: ReportedAlert[] = []
  const errors: ReportError[] = []
  for (const [index, item] of items.entries()) {
    const report = toReport(item, templates)
    if (report === null) continue
    if ('field' in report) errors.push({ index, ...report })
    else reports.push(report)
  }
  return { reports, errors }
}

function readTemplates(parameters: URLSearchParams): Templates {
  const named = Object.fromEntries(
    Object.keys(USUAL).map(name => [name, parameters.get(name) ? readTemplate(name, parameters.get(name)!) : null]),
  ) as { [name in Name]: Template | null }
  return {
    ...named,
    labels: readLabelTemplates(parameters.get('labels') ?? ''),
    resolved: words(parameters.get('resolved')),
    ignored: words(parameters.get('ignored')),
  }
}

const MAX_LABELS = 40

function readLabelTemplates(text: string): [string, Template][] {
  return splitOutsideBraces(text)
    .slice(0, MAX_LABELS)
    .map(part => {
      const [, name, value] = /^\s*([\w.-]{1,64})\s*[:=]([\s\S]*)$/.exec(part) ?? []
      if (name === undefined)
        throw new Problem('invalid', 'The template "labels" is written name:{path},name:{path}.', {
          fields: { labels: 'must be name:{path}' },
        })
      return [name, readTemplate('labels', value!.trim())]
    })
}

/** The parts between commas; a comma in braces belongs to a template. */
function splitOutsideBraces(text: string): string[] {
  return text.match(/(?:\{[^}]*\}|[^,{])+/g) ?? []
}

function words(text: string | null): Set<string> {
  return new Set((text ?? '').split(',').map(normalised).filter(Boolean))
}

function normalised(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
}

function itemsOf(sent: unknown, each: string | null): readonly unknown[] {
  const list = each ? valueAt(sent, each) : Array.isArray(sent) ? sent : [sent]
  if (!Array.isArray(list) || list.length > MAX_ALERTS)
    throw new Problem('invalid', `The body has no list of at most ${MAX_ALERTS} alerts at "${each}".`, {
      fields: { each: 'is not the path of a list' },
    })
  if (list.some(item => typeof item !== 'object' || item === null))
    throw new Problem('invalid', 'Send an alert as a JSON object, or a list of them.', {
      fields: { body: 'must be an object' },
    })
  return list
}

const FIRING = words(
  'firing,fired,fire,open,opened,new,created,create,started,start,triggered,trigger,alerting,alert,alarm,in_alarm,problem,down,offline,unreachable,failing,failed,failure,error,critical,warning,major,minor,unhealthy,degraded,active,true,1,bad,red,p1,p2,p3,reopened,escalated,nok,ko',
)
const RESOLVED = words(
  'resolved,resolve,recovered,recovery,recover,ok,okay,closed,close,cleared,clear,up,online,healthy,passing,passed,success,successful,succeeded,normal,ended,fixed,inactive,false,0,good,green',
)
const IGNORED = words(
  'pending,unknown,test,ping,acknowledged,ack,acknowledge,assigned,commented,updated,annotated,snoozed,maintenance,paused,queued,in_progress,skipped,cancelled,neutral',
)

/** The report of one element; null when it changes nothing; what is wrong with it otherwise. */
function toReport(item: unknown, templates: Templates): ReportedAlert | Omit<ReportError, 'index'> | null {
  const texts = Object.fromEntries(
    (Object.keys(USUAL) as Name[]).map(name => {
      const given = templates[name]
      return [name, given === null ? findUsual(item, name) : fill(given, item)]
    }),
  ) as { [name in Name]: string | undefined }
  const state = stateOf(texts.state ?? 'firing', templates)
  if (state === 'ignored') return null
  if (state === null)
    return {
      field: 'state',
      message: `"${texts.state!.slice(0, 60)}" is not known; name it in the parameter "resolved" or "ignored", or write state={"firing"}`,
    }
  const key = texts.alert_key
  if (key === undefined) return missing('alert_key')
  if (state === 'firing' && texts.title === undefined) return missing('title')
  const fields = objectOf(item)
  return {
    key: `webhook:${key}`,
    state,
    title: texts.title ?? key,
    severity: readSeverity(texts.severity),
    since: instantOf(fields.started_at ?? fields.startsAt) ?? null,
    endsAt: instantOf(fields.ends_at ?? fields.endsAt),
    labels: readLabels({
      ...objectOf(fields.labels),
      ...Object.fromEntries(templates.labels.map(([name, value]) => [name, fill(value, item)])),
    }),
    lines: texts.text === undefined || texts.text === texts.title ? [] : texts.text.split('\n'),
    links: readLink('Link', texts.link),
  }
}

/** The text under the first usual name that is there, in the object or in what programs wrap an alert in. */
function findUsual(item: unknown, name: Name): string | undefined {
  const fields = wrapped(objectOf(item), MAX_WRAPPERS).map(
    object => new Map(Object.entries(object).map(([key, value]) => [key.toLowerCase().replace(/[_\s-]/g, ''), value])),
  )
  for (const usual of USUAL[name].split(','))
    for (const named of fields) {
      const text = textOf(named.get(usual))
      if (text !== undefined) return text
    }
  return undefined
}

/** An object and those in it that may hold the alert itself. */
function wrapped(object: JsonObject, depth: number): JsonObject[] {
  if (depth < 0) return []
  const inner = WRAPPERS.filter(name => Object.hasOwn(object, name)).map(name => objectOf(object[name]))
  return [object, ...inner.flatMap(one => wrapped(one, depth - 1))]
}

type State = ReportedAlert['state'] | 'ignored'

function stateOf(word: string, { resolved, ignored }: Templates): State | null {
  const state = normalised(word)
  if (resolved.has(state)) return 'resolved'
  if (ignored.has(state)) return 'ignored'
  return usualState(state) ?? compoundState(state)
}

function usualState(word: string): State | null {
  if (FIRING.has(word)) return 'firing'
  if (RESOLVED.has(word)) return 'resolved'
  return IGNORED.has(word) ? 'ignored' : null
}

/** The state of names such as `incident.resolved` and `monitor_down`; null for those with a "not", and without a known word. */
function compoundState(word: string): State | null {
  const parts = word.split(/[._:/]+/)
  if (parts.some(part => /^(?:not|no|un)$/.test(part))) return null
  const states = parts.map(usualState)
  return (['resolved', 'ignored', 'firing'] as const).find(state => states.includes(state)) ?? null
}

function missing(field: Name): Omit<ReportError, 'index'> {
  return { field, message: `is empty; say where it is, such as ?${field}={data.name}` }
}
