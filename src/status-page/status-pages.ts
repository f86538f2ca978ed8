// The tables of status pages and their components.
import { slugOf } from '../checks/checks.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq } from '../state/orm.ts'
import { statusComponents, statusPages } from '../state/schema/index.ts'
import type { StatusComponent, StatusPage } from './status-page.ts'

export type NewComponent = Pick<StatusComponent, 'checkId' | 'section' | 'name'>
type PageDraft = Pick<StatusPage, 'slug' | 'projectId' | 'title' | 'about' | 'whenDown' | 'createdAt' | 'createdBy'>

/** Publishes a page. The slug is free. */
export function addPage(state: State, draft: PageDraft): StatusPage {
  return state.transaction(() => {
    state.emit('status pages')
    return state.db.insert(statusPages).values(draft).returning().get()
  })
}

/** Changes a page. */
export function editPage(
  state: State,
  { id }: Pick<StatusPage, 'id'>,
  changes: Partial<Pick<StatusPage, 'title' | 'about' | 'whenDown' | 'message' | 'messageAt'>>,
): StatusPage {
  return state.transaction(() => {
    state.emit('status pages')
    if (Object.keys(changes).length > 0) state.db.update(statusPages).set(changes).where(eq(statusPages.id, id)).run()
    return state.db.select().from(statusPages).where(eq(statusPages.id, id)).get()!
  })
}

/** Replaces what a page shows. Names that make one slug get numbers, because badges go by it. */
export function setComponents(state: State, { id }: Pick<StatusPage, 'id'>, components: readonly NewComponent[]): void {
  const used = new Set<string>()
  const freeSlug = (name: string) => {
    const wanted = slugOf(name) || 'component'
    let slug = wanted
    for (let i = 2; used.has(slug); i++) slug = `${wanted}-${i}`
    used.add(slug)
    return slug
  }
  state.transaction(() => {
    state.emit('status pages')
    state.db.delete(statusComponents).where(eq(statusComponents.pageId, id)).run()
    for (const [position, component] of components.entries())
      state.db
        .insert(statusComponents)
        .values({ ...component, pageId: id, position, slug: freeSlug(component.name) })
        .run()
  })
}

/** Takes a page down. */
export function removePage(state: State, { id }: Pick<StatusPage, 'id'>): void {
  state.transaction(() => {
    state.emit('status pages')
    state.db.delete(statusPages).where(eq(statusPages.id, id)).run()
  })
}

/** The page of a slug, or undefined. */
export function readPage(state: State, slug: string): StatusPage | undefined {
  return state.db.select().from(statusPages).where(eq(statusPages.slug, slug)).get()
}

/** The page of a slug, of one project only if it is set; throws `not_found` with the slugs that there are. */
export function findPage(state: State, slug: string, projectId: number | undefined): StatusPage {
  const page = readPage(state, slug)
  if (page && (projectId === undefined || page.projectId === projectId)) return page
  const slugs = listPages(state, projectId).map(page => page.slug)
  const known = slugs.length === 0 ? 'No page is published.' : `Published: ${slugs.slice(0, 10).join(', ')}.`
  throw new Problem('not_found', `There is no status page "${slug}". ${known}`, { fields: { slug: 'no such page' } })
}

/** All pages by slug, or those of one project. */
export function listPages(state: State, projectId?: number): StatusPage[] {
  const only = projectId === undefined ? undefined : eq(statusPages.projectId, projectId)
  return state.db.select().from(statusPages).where(and(only)).orderBy(asc(statusPages.slug)).all()
}

/** What a page shows, in its order. */
export function listComponents(state: State, { id }: Pick<StatusPage, 'id'>): StatusComponent[] {
  return state.db
    .select()
    .from(statusComponents)
    .where(eq(statusComponents.pageId, id))
    .orderBy(asc(statusComponents.position))
    .all()
}
