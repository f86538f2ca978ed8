// Publishes status pages: which checks strangers may see, under which names, and what the team says.
import { z } from 'zod'
import type { Check } from '../../src/checks/check.ts'
import { completes, positional, repeated } from '../../src/command/command.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { readShownPage } from '../../src/status-page/page-facts.ts'
import { pageDocument } from '../../src/status-page/page-json.ts'
import { STATE_NAMES, type StatusPage } from '../../src/status-page/status-page.ts'
import {
  addPage,
  editPage,
  findPage,
  listComponents,
  listPages,
  type NewComponent,
  readPage,
  removePage,
  setComponents,
} from '../../src/status-page/status-pages.ts'
import { plural } from '../../src/text.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, checkOf, command, projectName, yes } from '../context.ts'

const MAX_COMPONENTS = 100
const MAX_NAME_LENGTH = 80
const DEFAULT_WHEN_DOWN = 'We know about it and are working on it.'

const slugArgument = () =>
  completes(
    positional(
      z
        .string()
        .regex(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, such as shop'),
    ),
    'status page',
  )

const publish = command({
  name: 'status publish',
  summary: 'Publish a status page of chosen checks, or change one',
  details:
    'A check is written "GROUP / NAME = CHECK": strangers read the name, never that of the check. The flag may be repeated; together they replace what the page shows. Everybody who has the address can read the page.',
  examples: [
    'status publish shop --title "Shop status" --check "Shop / Website = shop" --check "Jobs / Backup = nightly-backup"',
    'status publish shop --when-down "We are on it; updates at https://shop.example.org/blog"',
  ],
  role: 'admin',
  args: {
    slug: slugArgument().describe('Last part of the address of the page, such as shop'),
    check: repeated(z.string().max(20_000))
      .optional()
      .describe('Check to show: CHECK, NAME = CHECK or GROUP / NAME = CHECK; may be repeated'),
    title: z.string().trim().min(1).max(100).optional().describe('Title of the page (default: Status)'),
    about: z.string().trim().max(500).optional().describe('A sentence under the title'),
    whenDown: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .optional()
      .describe('What the page says while something is down and there is no message'),
    project: projectName().optional().describe('Project whose checks it shows (default: all)'),
  },
  run({ slug, check: lines, title, about, whenDown, project }, context) {
    const { state, now, by } = context
    const projectId = project === undefined ? null : findProject(state, project).id
    const before = readPage(state, slug)
    if (before && project !== undefined && before.projectId !== projectId)
      throw new Problem('conflict', `The slug "${slug}" is taken by another page. Choose another.`, {
        fields: { slug: 'is taken' },
      })
    if (!before && lines === undefined)
      throw invalid('check', 'Say what the page shows: --check "Website = shop". "checks list" shows the checks.')
    const components = lines === undefined ? undefined : readComponents(lines, project, context)
    const texts = {
      ...(title === undefined ? {} : { title }),
      ...(about === undefined ? {} : { about: about === 'none' ? '' : about }),
      ...(whenDown === undefined ? {} : { whenDown }),
    }
    const blank = { title: 'Status', about: '', whenDown: DEFAULT_WHEN_DOWN, createdAt: now, createdBy: by.name }
    const page = before ? editPage(state, before, texts) : addPage(state, { ...blank, ...texts, slug, projectId })
    if (components) setComponents(state, page, components)
    return pageAnswer(page, context, before ? `Status page ${slug} changed` : `Status page ${slug} is published`)
  },
})

const pages = command({
  name: 'status pages',
  summary: 'List the published status pages',
  examples: ['status pages'],
  role: 'viewer',
  args: { project: projectName().optional().describe('Only pages of this project') },
  run({ project }, context) {
    const { state, now } = context
    const found = listPages(state, project === undefined ? undefined : findProject(state, project).id)
    const shown = found.map(page => ({ page, state: readShownPage(state, page, now).state }))
    return {
      card: {
        title: plural(found.length, 'status page'),
        tone: 'plain',
        lines:
          shown.length === 0
            ? ['No page is published. Publish one: status publish shop --check "Website = shop"']
            : shown.map(({ page, state }) => [
                { bold: page.title },
                ` · ${STATE_NAMES[state]} · `,
                { link: pageUrl(page, context), label: page.slug },
              ]),
      },
      result: { pages: found.map(page => pageResult(page, context)) },
    }
  },
})

const message = command({
  name: 'status message',
  summary: 'Write what a status page says now, or clear it',
  details: 'Without a text the message is cleared. The page shows the text as written, with the time.',
  examples: ['status message shop "Payments are slow. We are looking into it."', 'status message shop'],
  role: 'responder',
  args: {
    slug: slugArgument().describe('Slug of the page'),
    text: positional(z.string().trim().max(2_000).optional()).describe('What the page says (default: nothing)'),
    project: projectName().optional().describe('Project of the page'),
  },
  run({ slug, text, project }, context) {
    const page = ownPage(slug, project, context)
    const isCleared = text === undefined || text === ''
    const changes = isCleared ? { message: null, messageAt: null } : { message: text, messageAt: context.now }
    return pageAnswer(
      editPage(context.state, page, changes),
      context,
      isCleared ? `Status page ${slug} says nothing` : `Status page ${slug} shows your message`,
    )
  },
})

const unpublish = command({
  name: 'status unpublish',
  summary: 'Take a status page down; its address and badges stop working',
  examples: ['status unpublish shop'],
  role: 'admin',
  args: {
    slug: slugArgument().describe('Slug of the page'),
    project: projectName().optional().describe('Project of the page'),
    yes: yes(),
  },
  run({ slug, project, yes }, context) {
    const page = ownPage(slug, project, context)
    if (context.interactive && !yes)
      return confirmation(
        `Take the status page ${slug} down?`,
        [`Readers of ${pageUrl(page, context)} get an error from then on. The checks stay.`],
        { line: `status unpublish ${slug}` },
      )
    const result = { page: pageResult(page, context) }
    removePage(context.state, page)
    return { card: { title: `Status page ${slug} is down`, tone: 'muted' }, result }
  },
})

export const statusPageCommands = [publish, pages, message, unpublish]

function ownPage(slug: string, project: string | undefined, { state }: Context): StatusPage {
  return findPage(state, slug, project === undefined ? undefined : findProject(state, project).id)
}

/** Reads `GROUP / NAME = CHECK` lines. The name of a check without one is its own. */
function readComponents(lines: string, project: string | undefined, context: Context): NewComponent[] {
  const components = lines
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => readComponent(line, project, context))
  if (components.length > MAX_COMPONENTS) throw invalid('check', `A page shows at most ${MAX_COMPONENTS} checks.`)
  return components
}

function readComponent(line: string, project: string | undefined, context: Context): NewComponent {
  const at = line.lastIndexOf('=')
  const named = at < 0 ? '' : line.slice(0, at).trim()
  const check: Check = checkOf(context, line.slice(at + 1).trim(), project)
  const [, section = '', name = named] = /^(.*?)\s+\/\s+(.+)$/.exec(named) ?? []
  if (name.length > MAX_NAME_LENGTH || section.length > MAX_NAME_LENGTH)
    throw invalid('check', `Names on a page have at most ${MAX_NAME_LENGTH} characters.`)
  return { checkId: check.id, section, name: name === '' ? check.name : name }
}

function pageAnswer(page: StatusPage, context: Context, title: string) {
  const { state, now } = context
  const shown = readShownPage(state, page, now)
  const count = shown.sections.reduce((sum, { components }) => sum + components.length, 0)
  return {
    card: {
      title,
      tone: 'good' as const,
      lines: [
        [
          'Everybody who has the address can read it: ',
          { link: pageUrl(page, context), label: pageUrl(page, context) },
        ],
        `It shows ${plural(count, 'check')}${page.message === null ? '' : ', and your message'}.`,
      ],
      buttons: [{ label: 'Open', line: '', url: pageUrl(page, context) }],
    },
    result: { page: pageResult(page, context) },
  }
}

function pageResult(page: StatusPage, context: Context) {
  const { state, now, publicUrl } = context
  const { page: _, ...document } = pageDocument(readShownPage(state, page, now))
  return {
    slug: page.slug,
    title: page.title,
    about: page.about,
    when_down: page.whenDown,
    url: pageUrl(page, context),
    json_url: `${pageUrl(page, context)}.json`,
    badge_url: `${publicUrl}/badge/${page.slug}.svg`,
    status: document.status,
    message: document.message,
    components: listComponents(state, page).map(component => ({
      name: component.name,
      group: component.section,
      slug: component.slug,
      badge_url: `${publicUrl}/status/${page.slug}/${component.slug}.svg`,
    })),
  }
}

function pageUrl({ slug }: StatusPage, { publicUrl }: Context): string {
  return `${publicUrl}/status/${slug}`
}
