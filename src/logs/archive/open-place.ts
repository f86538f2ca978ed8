// The place that the settings name for archives.
import type { ArchiveTarget } from '../../config/log-settings.ts'
import { folderPlace } from './folder-place.ts'
import type { ArchivePlace } from './place.ts'
import { s3Place } from './s3-place.ts'

/** A folder or a bucket; nothing is asked of it yet. */
export function openPlace(target: ArchiveTarget): ArchivePlace {
  return target.kind === 'folder' ? folderPlace(target.path) : s3Place(target)
}
