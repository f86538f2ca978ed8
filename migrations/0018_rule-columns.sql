ALTER TABLE `rules` RENAME COLUMN "hold" TO "for_ms";--> statement-breakpoint
ALTER TABLE `rules` RENAME COLUMN "quiet" TO "keep_firing_ms";--> statement-breakpoint
ALTER TABLE `rules` RENAME COLUMN "times" TO "factor";--> statement-breakpoint
ALTER TABLE `rule_states` RENAME COLUMN "ends_at" TO "evaluate_at";--> statement-breakpoint
ALTER TABLE `rule_states` RENAME COLUMN "counted" TO "reported";--> statement-breakpoint
ALTER TABLE `rule_states` ADD `dismissed` integer DEFAULT false NOT NULL;--> statement-breakpoint
UPDATE `rule_states` SET `dismissed` = 1, `reported` = 0 WHERE `reported` = -1;--> statement-breakpoint
UPDATE `rule_states` SET `state` = 'firing' WHERE `state` = 'open';--> statement-breakpoint
DROP INDEX `rule_states_end`;--> statement-breakpoint
CREATE INDEX `rule_states_due` ON `rule_states` (`evaluate_at`);
