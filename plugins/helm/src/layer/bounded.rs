//! A bound on what is read.

use std::io::{self, Read};

use roadstead_plugin_sdk::content::ReadError;

/// Bytes up to a bound. What would follow is an error, so that nobody takes the bound for the end.
pub(super) struct Bounded<R> {
    pub(super) bytes: R,
    pub(super) left: u64,
    /// whether there was more
    pub(super) is_spent: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if room == 0 && !buffer.is_empty() {
            self.is_spent = self.bytes.read(&mut [0])? > 0;
            let why = || ReadError::TooLarge("charts within the chart".to_owned());
            return if self.is_spent { Err(why().into()) } else { Ok(0) };
        }
        let len = self.bytes.read(&mut buffer[..room])?;
        self.left -= len as u64;
        Ok(len)
    }
}
