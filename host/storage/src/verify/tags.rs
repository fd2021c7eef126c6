//! Tags.

use roadstead_oci::Tag;

use super::Look;
use crate::{
    Result,
    layout::{Key, Prefix, unterminated},
};

impl Look<'_> {
    /// A tag's greatest key is its value; the smaller ones are litter.
    pub(super) async fn tags(&mut self) -> Result<()> {
        let folders = Prefix::Tags(self.repository);
        let mut entries = self.storage.backend.entries(&folders.path()).await?;
        while let Some(folder) = entries.next()? {
            match unterminated(&folder).and_then(|tag| Tag::parse(tag).ok()) {
                Some(tag) => self.tag(&tag).await?,
                None => self.audit.fault(folders.with(folder), "its name is not a tag"),
            }
        }
        Ok(())
    }

    /// A delete takes the claim first, so a tag without claim is dead. But a push writes the tag
    /// after the body: no crash leaves a tag with a claim that has no body.
    async fn tag(&mut self, tag: &Tag) -> Result<()> {
        let keys = self.storage.resolver.tag_keys(self.repository, tag).await?;
        let Some((value, smaller)) = keys.split_last() else { return Ok(()) };
        for _ in smaller {
            self.audit.litter("tags");
        }
        let claims = self.storage.resolver.claims(self.repository, &value.digest).await?;
        let claimed = !value.gone && claims.contain(&value.claim);
        match (claimed, !claims.visible.is_empty()) {
            (true, true) => self.audit.sound("tags"),
            (true, false) => {
                let key = Key::Tag(self.repository, tag, value).path();
                self.audit.fault(key, "the body of its manifest is missing");
            }
            (false, _) => self.audit.litter("tags"),
        }
        Ok(())
    }
}
