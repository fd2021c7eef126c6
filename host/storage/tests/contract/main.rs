//! The promises of the store, one test a clause, stamped for each way to open it and each place.
//!
//! A new way, or a new place, is one more line at the end of this file.

#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod audit;
mod damage;
mod deletes;
mod faults;
mod manifests;
mod referrers;
mod staging;
mod uploads;
mod verdicts;
mod world;

/// Stamps every clause for a way to open a store and some places for it.
macro_rules! storage_contract {
    ($open:ident in $place:ident: $($module:ident::$clause:ident),+ $(,)?) => {
        mod $place {
            use crate::world::{Place, World};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $clause() {
                    let world = World::new(crate::world::$open, Place::$place()).await;
                    crate::$module::$clause(&world).await;
                }
            )+
        }
    };
    ($open:ident: $($place:ident),+) => {
        mod $open {
            $(storage_contract! { $open in $place:
                uploads::what_was_uploaded_is_read_back_in_any_form,
                uploads::ranges_cover_any_part,
                uploads::an_upload_goes_on_after_a_restart,
                uploads::a_taken_place_is_refused_and_harmless,
                uploads::one_of_sixteen_gets_a_place,
                uploads::another_digest_stores_nothing,
                uploads::an_algorithm_that_nobody_announced_is_computed,
                uploads::what_arrived_before_a_cut_is_kept,
                uploads::a_cancelled_or_foreign_or_old_upload_is_unknown,
                uploads::a_chunk_that_comes_late_never_follows_a_gap,
                uploads::a_chunk_costs_the_same_however_many_came_before,
                uploads::what_is_remembered_of_an_upload_ends_with_it,
                uploads::a_chunk_that_was_seen_in_time_keeps_its_bytes,
                uploads::too_large_is_refused,
                uploads::a_mount_shares_the_bytes,
                manifests::a_push_is_visible_whole,
                manifests::a_small_artifact_takes_seven_writes,
                manifests::what_is_large_new_or_linked_adds_one_write_each,
                manifests::a_missing_or_resized_blob_is_told,
                manifests::a_moving_tag_is_never_absent,
                manifests::names_are_listed_in_byte_order,
                manifests::pages_of_a_large_folder_follow_each_other,
                manifests::a_second_push_keeps_the_first_body,
                manifests::a_digest_has_one_media_type_in_a_repository,
                manifests::of_two_first_pushes_with_different_media_types_one_is_told,
                manifests::a_child_is_stored_as_its_index_says,
                referrers::referrers_are_listed_while_they_are_visible,
                referrers::a_listing_of_referrers_sees_every_change_at_once,
                referrers::referrers_are_filtered_by_their_artifact_types,
                referrers::referrers_too_large_to_be_kept_are_listed_as_well,
                referrers::listings_beside_pushes_and_deletes_end_up_right,
                referrers::entries_of_an_older_store_count,
                referrers::what_leads_to_a_manifest_is_found_by_its_tags,
                verdicts::verdicts_are_listed_from_the_newest_on,
                verdicts::the_name_of_a_verdict_says_its_repository,
                verdicts::verdicts_of_older_versions_are_found,
                verdicts::old_verdicts_are_swept_and_those_of_manifests_stay,
                verdicts::a_verdict_stands_once_with_its_manifest,
                verdicts::the_judgements_of_a_manifest_are_bounded_and_go_with_it,
                verdicts::a_refusal_is_found_by_its_manifest_and_counted,
                verdicts::the_refusals_of_a_manifest_are_bounded,
                verdicts::a_refusal_goes_with_its_verdict,
                damage::a_damaged_blob_is_mended_by_a_push,
                damage::what_seems_to_be_there_is_not_skipped,
                damage::a_sound_blob_that_is_pushed_again_stays,
                damage::a_blob_is_hashed_once_as_long_as_nobody_writes_to_it,
                damage::a_damaged_blob_is_neither_mounted_nor_shared,
                damage::a_manifest_is_not_taken_with_damaged_blobs,
                damage::a_damaged_manifest_is_mended_by_a_push,
                damage::a_mended_manifest_is_deleted_whole,
                damage::a_damaged_manifest_can_be_deleted,
                damage::the_referrers_of_a_mended_manifest_are_listed,
                damage::a_damaged_descriptor_is_not_listed_and_a_push_mends_it,
                deletes::a_named_blob_stays,
                deletes::a_named_child_stays,
                deletes::a_manifest_goes_with_its_tags_and_they_stay_gone,
                deletes::a_tag_goes_alone,
                deletes::pushes_and_deletes_exclude_each_other,
                audit::a_record_that_differs_from_its_link_is_found,
                audit::a_segment_that_is_short_or_gone_is_found,
                audit::a_record_that_names_another_segment_than_its_link_is_found,
                audit::a_manifest_that_was_read_and_then_damaged_is_found,
                audit::a_damaged_later_verdict_is_found,
                audit::a_damaged_claim_is_found,
                audit::content_that_a_manifest_lacks_is_found,
                audit::a_subject_or_child_that_does_not_know_of_it_is_found,
                audit::a_descriptor_of_something_else_is_found,
                audit::a_folder_that_is_no_tag_is_found,
                audit::a_tag_whose_manifest_lost_its_body_is_found,
                audit::a_repository_that_left_the_catalog_is_found,
                audit::what_a_cut_delete_or_push_leaves_is_litter,
                audit::an_upload_that_goes_on_is_sound_and_a_cancelled_one_leaves_litter,
                audit::a_finished_upload_is_neither,
                audit::a_part_that_lost_its_bytes_is_found,
                audit::an_audit_beside_pushes_and_deletes_finds_no_fault,
                faults::a_push_cut_anywhere_is_repeated,
                faults::a_push_of_an_index_cut_anywhere_is_repeated,
                faults::a_repeated_push_cut_anywhere_is_repeated,
                faults::an_upload_in_parts_cut_anywhere_goes_on,
                faults::a_blob_mended_with_a_cut_anywhere_is_mended,
                faults::a_manifest_mended_with_a_cut_anywhere_is_mended,
                faults::a_refusal_cut_anywhere_is_kept_again,
                faults::a_cancel_cut_anywhere_is_repeated,
                faults::a_mount_cut_anywhere_is_repeated,
                faults::a_delete_cut_anywhere_is_repeated,
                faults::a_tag_deleted_with_a_cut_anywhere_stays_deleted,
                faults::a_blob_deleted_with_a_cut_anywhere_can_be_pushed_again,
                faults::a_listing_of_referrers_follows_changes_that_were_cut,
            })+
        }
    };
}

storage_contract!(owned: memory, folder);
