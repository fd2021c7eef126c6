//! Uploads: those that go on are sound, and so is what arrived of them.

use super::Look;
use crate::{
    Result,
    layout::{Id, Key, Prefix, record},
    resolve::Arrived,
    uploads::PartRecord,
};

impl Look<'_> {
    pub(super) async fn uploads(&mut self) -> Result<()> {
        for name in self.storage.resolver.names(&Prefix::Uploads(self.repository)).await? {
            if let Some(id) = Id::parse(&name) {
                self.upload(&id).await?;
            }
        }
        Ok(())
    }

    async fn upload(&mut self, id: &Id) -> Result<()> {
        let Arrived { over, offsets } = self.storage.resolver.arrived(self.repository, id).await?;
        match offsets.first() {
            Some(0) if !over => {}
            // On local disk the folder of an upload stays, and that it is over stays written.
            None => return Ok(()),
            // over, and cut while its parts went
            Some(_) => {
                self.audit.litter("uploads");
                return Ok(());
            }
        }
        let before = self.audit.fault_count;
        for offset in offsets {
            self.part(Key::UploadPart(self.repository, id, offset).path()).await?;
        }
        if self.audit.fault_count == before {
            self.audit.sound("uploads");
        }
        Ok(())
    }

    async fn part(&mut self, key: String) -> Result<()> {
        // or the upload has ended since its parts were listed
        let Some(bytes) = self.storage.backend.read(&key).await? else { return Ok(()) };
        let (part, inline): (PartRecord, _) = match record::decode(&key, &bytes) {
            Ok(decoded) => decoded,
            Err(error) => return self.audit.damage(error),
        };
        let whole = match &part.segment {
            Some(segment) => self.storage.holds(segment, part.size, self.named).await?,
            None => inline.len() as u64 == part.size,
        };
        if !whole {
            self.audit.fault(key, "its content is missing or incomplete");
        }
        Ok(())
    }
}
