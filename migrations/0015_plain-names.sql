ALTER TABLE `facts` RENAME TO `key_values`;--> statement-breakpoint
ALTER TABLE `absences` RENAME TO `downtimes`;--> statement-breakpoint
ALTER TABLE `audience` RENAME TO `recipients`;--> statement-breakpoint
ALTER TABLE `watches` RENAME TO `rule_states`;--> statement-breakpoint
ALTER TABLE `hold_settings` RENAME TO `suppression_settings`;--> statement-breakpoint
ALTER TABLE `begun_answers` RENAME TO `pending_answers`;--> statement-breakpoint
ALTER TABLE `spendings` RENAME TO `spending`;--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "seen" TO "observation";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "held_by" TO "suppressed_by";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "held_why" TO "suppressed_why";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "held_until" TO "suppressed_until";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "freed_at" TO "released_at";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "explains" TO "suppressed_count";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "changes" TO "transition_times";--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN "calm_at" TO "stable_since";--> statement-breakpoint
DROP INDEX `absences_to`;--> statement-breakpoint
CREATE INDEX `downtimes_to` ON `downtimes` (`to_at`);--> statement-breakpoint
DROP INDEX `audience_channel`;--> statement-breakpoint
CREATE INDEX `recipients_channel` ON `recipients` (`channel_id`);--> statement-breakpoint
DROP INDEX `watches_end`;--> statement-breakpoint
CREATE INDEX `rule_states_end` ON `rule_states` (`ends_at`);--> statement-breakpoint
DROP INDEX `watches_rule`;--> statement-breakpoint
CREATE INDEX `rule_states_rule` ON `rule_states` (`rule_id`);--> statement-breakpoint
DROP INDEX `spendings_at`;--> statement-breakpoint
CREATE INDEX `spending_at` ON `spending` (`at`);--> statement-breakpoint
DROP INDEX `spendings_person`;--> statement-breakpoint
CREATE INDEX `spending_person` ON `spending` (`person`,`at`);--> statement-breakpoint
DROP INDEX `alerts_held_until`;--> statement-breakpoint
CREATE INDEX `alerts_suppressed_until` ON `alerts` (`suppressed_until`) WHERE suppressed_until is not null and state <> 'resolved';--> statement-breakpoint
DROP INDEX `alerts_freed`;--> statement-breakpoint
CREATE INDEX `alerts_released` ON `alerts` (`project_id`,`released_at`) WHERE released_at is not null;--> statement-breakpoint
DROP INDEX `alerts_calm`;--> statement-breakpoint
CREATE INDEX `alerts_stable` ON `alerts` (`stable_since`) WHERE stable_since is not null;--> statement-breakpoint
DROP INDEX `alerts_held`;--> statement-breakpoint
CREATE INDEX `alerts_suppressed` ON `alerts` (`suppressed_by`) WHERE suppressed_by is not null and state <> 'resolved';