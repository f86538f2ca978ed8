// A status page for programs. Pure.
import { DAY, isoTime } from '../time.ts'
import { firstDay, pageHeading, type ShownPage } from './status-page.ts'

/** The page as an object: times RFC 3339 in UTC, shares from 0 to 1, absent is null. */
export function pageDocument(page: ShownPage) {
  const states = page.sections.flatMap(({ components }) => components.map(({ state }) => state))
  const first = firstDay(page.updatedAt)
  return {
    page: { slug: page.slug, title: page.title, about: page.about },
    status: { state: page.state, description: pageHeading(states) },
    message: page.message && { text: page.message.text, at: isoTime(page.message.at) },
    groups: page.sections.map(({ name, components }) => ({
      name,
      components: components.map(component => ({
        name: component.name,
        slug: component.slug,
        state: component.state,
        down_since: isoTime(component.downSince),
        availability: component.availability,
        days: component.days.map((share, i) => ({
          date: new Date(first + i * DAY).toISOString().slice(0, 10),
          availability: share,
        })),
      })),
    })),
    maintenance: page.maintenance.map(({ from, until, isActive, components }) => ({
      from: isoTime(from),
      until: isoTime(until),
      active: isActive,
      components,
    })),
    updated_at: isoTime(page.updatedAt),
  }
}
