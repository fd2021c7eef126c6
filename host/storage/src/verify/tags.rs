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

    /// A delete takes the claim first, so a tag without claim is dead. But a push writes the tag
    /// after the body: no crash leaves a tag with a claim that has no body.
    async fn tag(&mut self, tag: &Tag) -> Result<()> {
        let keys = self.storage.tag_keys(self.repository, tag).await?;
        let Some((value, smaller)) = keys.split_last() else { return Ok(()) };
        for _ in smaller {
            self.audit.litter("tags");
        }
        let claims = self.storage.claims(self.repository, &value.digest).await?;
        let claimed = !value.gone && claims.contain(&value.claim);
        match (claimed, !claims.visible.is_empty()) {
            (true, true) => self.audit.sound("tags"),
            (true, false) => {
                let key = Key::Tag(self.repository, tag, value).path();
                self.audit.fault(key, "its manifest has lost its body");
            }
            (false, _) => self.audit.litter("tags"),
        }
        Ok(())
    }
}
