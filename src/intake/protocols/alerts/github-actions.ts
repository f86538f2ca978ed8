// Webhooks of GitHub: a workflow of GitHub Actions that fails is an alert, until it succeeds again on the same branch.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../../problem.ts'
import { DAY } from '../../../time.ts'
import { withIntakeKey } from '../../openapi/security.ts'
import { mediaType } from '../content-type.ts'
import type { AlertProtocol, Received } from '../protocol.ts'
import {
  ALERT_RESPONSES,
  answerReported,
  NO_REPORTS,
  type ReadReports,
  type ReportedAlert,
  readJson,
  readLabels,
  readLink,
  SIGNED_QUERY,
} from '../reported-alert.ts'
import { instantOf, type JsonObject, listOf, objectOf, textOf } from './json-fields.ts'

const BODY = z.looseObject({
  action: z.string().optional(),
  workflow_run: z
    .looseObject({ name: z.string().nullish(), head_branch: z.string().nullish(), conclusion: z.string().nullish() })
    .optional(),
})

const ROUTE = createRoute({
  method: 'post',
  path: '/api/alerts/github-actions',
  operationId: 'reportGithubWorkflow',
  tags: ['Alerts'],
  summary: 'Receive workflow runs of GitHub Actions',
  description: [
    'Use it as the payload URL of a webhook with the event "Workflow runs", the id of a key in `?signed_by=` and the secret of',
    'that key as the secret of the webhook; or `?key=<key>` without signatures. A failure on the default branch is a warning, on',
    'another branch for information. Other events change nothing.',
  ].join('\n'),
  ...withIntakeKey,
  request: {
    query: SIGNED_QUERY.extend({
      branches: z
        .enum(['all', 'default'])
        .optional()
        .describe('`default` leaves out what is not on the default branch (default: all).'),
    }),
    headers: z.object({
      'X-GitHub-Event': z.string().optional(),
      'X-Hub-Signature-256': z.string().optional(),
    }),
    body: {
      required: true,
      content: {
        'application/json': { schema: BODY },
        'application/x-www-form-urlencoded': { schema: z.object({ payload: z.string() }) },
      },
    },
  },
  responses: ALERT_RESPONSES,
})

export const githubActions: AlertProtocol = {
  kind: 'alerts',
  name: 'github-actions',
  detector: 'github-actions',
  routes: [ROUTE],
  signature: { header: 'x-hub-signature-256', prefix: 'sha256=' },
  // The branch may be deleted, and then nothing succeeds on it any more.
  silenceMs: 7 * DAY,
  parse: readWebhook,
  answer: answerReported,
}

function readWebhook({ body, headers, parameters }: Received): ReadReports {
  const isForm = mediaType(headers) === 'application/x-www-form-urlencoded'
  const json = isForm ? Buffer.from(new URLSearchParams(body.toString('utf8')).get('payload') ?? '') : body
  const notification = readJson(json)
  if (typeof notification !== 'object' || notification === null || Array.isArray(notification))
    throw invalid('it is not an object')
  const { workflow_run: run, action, ...rest } = notification as JsonObject
  const event = headers.get('x-github-event')
  if (run === undefined) {
    if (event === 'workflow_run') throw invalid('it has no "workflow_run"')
    // A ping, or another event of a webhook that sends all of them.
    if (event !== null || 'zen' in rest || 'repository' in rest) return NO_REPORTS
    throw invalid('it has no "workflow_run"')
  }
  if (action !== undefined && action !== 'completed') return NO_REPORTS
  const report = toReport(objectOf(run), rest, parameters.get('branches') === 'default')
  return report === null ? NO_REPORTS : { reports: [report], errors: [] }
}

/** Conclusions that decide something; cancelled, skipped, neutral and stale runs do not. */
const STATES: { readonly [conclusion: string]: ReportedAlert['state'] } = {
  ...{ failure: 'firing', timed_out: 'firing', startup_failure: 'firing', success: 'resolved' },
}
const VERBS: { readonly [conclusion: string]: string } = {
  ...{ timed_out: 'took too long', startup_failure: 'could not start' },
}

function toReport(run: JsonObject, { repository, workflow }: JsonObject, isDefaultOnly: boolean): ReportedAlert | null {
  const conclusion = textOf(run.conclusion) ?? ''
  const repositoryFields = objectOf(repository ?? run.repository)
  const name = textOf(repositoryFields.full_name)
  if (name === undefined) throw invalid('"repository" has no "full_name"')
  const branch = textOf(run.head_branch) ?? 'no branch'
  const defaultBranch = textOf(repositoryFields.default_branch) ?? 'main'
  if (!Object.hasOwn(STATES, conclusion) || (isDefaultOnly && branch !== defaultBranch)) return null
  const title = textOf(run.name) ?? textOf(objectOf(workflow).name) ?? 'A workflow'
  const [pull] = listOf(run.pull_requests).map(objectOf)
  const commit = textOf(objectOf(run.head_commit).message)?.split('\n', 1)[0]
  const author = textOf(objectOf(run.actor).login) ?? textOf(objectOf(objectOf(run.head_commit).author).name)
  const sha = textOf(run.head_sha)?.slice(0, 7)
  return {
    key: `github:${name}/${textOf(run.workflow_id) ?? title}/${branch}`,
    state: STATES[conclusion]!,
    title: `${name}: ${title} ${VERBS[conclusion] ?? 'failed'} on ${branch}`,
    severity: branch === defaultBranch ? 'warning' : 'info',
    since: instantOf(run.updated_at) ?? null,
    sentAt: instantOf(run.updated_at),
    labels: readLabels({
      ...{ repository: name, workflow: title, branch, event: run.event, conclusion, actor: author, commit: sha },
      ...{ run: run.run_number, pull_request: pull?.number, source: 'github-actions' },
    }),
    lines: [commit === undefined ? undefined : `${sha === undefined ? '' : `${sha} `}${commit}`].filter(
      line => line !== undefined,
    ),
    links: readLink('Run', run.html_url),
  }
}

function invalid(why: string): Problem {
  return new Problem('invalid', `The body is not a webhook of GitHub Actions: ${why}.`, {
    fields: { body: 'is not a webhook of GitHub' },
  })
}
