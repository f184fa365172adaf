//! Plans who is told of what happened.

use crate::app::App;
use crate::federation::activities;
use crate::jobs::{LOOK_EVERY, recover, rest};
use crate::services::deliveries;

pub async fn run(app: App) {
    loop {
        match deliveries::plan(&app, activities::RENDER).await {
            Ok(0) => {
                if !rest(&app, &app.bells.events, LOOK_EVERY).await {
                    return;
                }
            }
            Ok(_) if app.bells.stop.rung() => return,
            Ok(_) => {}
            Err(error) => {
                recover(&app, "planning deliveries", &error).await;
                if app.bells.stop.rung() {
                    return;
                }
            }
        }
    }
}
