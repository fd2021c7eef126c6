//! Tags.

use roadstead_oci::Tag;

use super::Look;
use crate::{
    Result,
    key::{Key, unterminated},
};

impl Look<'_> {
    /// A tag's greatest key is its value; the smaller ones are litter.
    pub(super) async fn tags(&mut self) -> Result<()> {
        let folders = Key::Tags(self.repository).path();
        for folder in self.storage.backend.names(&folders).await? {
            match unterminated(&folder).and_then(|tag| Tag::parse(tag).ok()) {
                Some(tag) => self.tag(&tag).await?,
                None => self.audit.fault(format!("{folders}/{folder}"), "no tag"),
            }
        }
        Ok(())
    }

    async fn tag(&mut self, tag: &Tag) -> Result<()> {
        let keys = self.storage.tag_keys(self.repository, tag).await?;
        let Some((value, smaller)) = keys.split_last() else { return Ok(()) };
        for _ in smaller {
            self.audit.litter("tags");
        }
        let visible = self.storage.is_visible(self.repository, &value.digest, &value.claim).await?;
        match visible && !value.gone {
            true => self.audit.sound("tags"),
            false => self.audit.litter("tags"),
        }
        Ok(())
    }
}
