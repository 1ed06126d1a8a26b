"""Plans for data: a leak, ransomware."""

from __future__ import annotations

from typing import Final

from guanlan.response.plans.shipped.parts import clocks, review, service, statement
from guanlan.response.plans.shipped.sketch import Both, Do, Tell, When, number, plan, t, yes_no

LEAK: Final = plan(
    "data_leak", "privacy", 90,
    t("Data leak", "数据泄露", "資料外洩"),
    t("When data of customers or staff was seen, taken, lost or published without right, or when"
      " there is good reason to believe so.",
      "客户或员工数据被未授权查看、获取、丢失或公开，或有合理理由如此怀疑时使用。",
      "客戶或員工資料被未授權查看、取得、遺失或公開，或有合理理由如此懷疑時使用。"),
    (
        yes_no("confirmed", t("The leak is confirmed", "泄露已确认", "外洩已確認")),
        yes_no("ongoing", t("Data is still leaving", "数据仍在外流", "資料仍在外流")),
        yes_no("harm", t("It may harm the people concerned", "可能对个人造成危害", "可能對個人造成危害")),
        number("people", t("People concerned", "涉及人数", "涉及人數")),
    ),
    Tell("alert", "privacy_officer",
         t("Call the privacy officer", "通知个人信息保护负责人", "通知個資保護負責人"),
         t("A leak of data is suspected. The time at which it became known is being written down.",
           "疑似数据泄露，正在记录知悉时间。", "疑似資料外洩，正在記錄知悉時間。")),
    Do("known", "privacy_officer", 30,
       t("Write down what is known and when", "记录事实与知悉时间", "記錄事實與知悉時間"),
       t("Who reported it, when, by what evidence. Check a sample against our records: is it our"
         " data, how old is it? Record whether it is confirmed and whether data is still leaving. Do"
         " not download published data beyond the sample.",
         "记录由谁、何时、凭何证据报告。抽样比对：是否我方数据、数据新旧。登记是否确认、是否仍在外流。"
         "除样本外不得下载已公开的数据。",
         "記錄由誰、何時、憑何證據通報。抽樣比對：是否我方資料、資料新舊。登記是否確認、是否仍在外流。"
         "除樣本外不得下載已公開的資料。"),
       ("confirmed", "ongoing")),
    Do("keep", "security_engineer", 60,
       t("Preserve evidence", "保全证据", "保全證據"),
       t("Copy logs and images of the systems concerned before anything is mended, with hashes and the"
         " names of who held them. Extend the retention of logs.",
         "修复前先复制相关系统的日志与镜像，记录哈希和经手人，延长日志保留期。",
         "修復前先複製相關系統的日誌與映像，記錄雜湊和經手人，延長日誌保留期。")),
    When("flow", t("Is data still leaving?", "数据仍在外流？", "資料仍在外流？"), "ongoing",
         (
             Do("stop", "security_engineer", 30,
                t("Stop the flow", "阻断外流", "阻斷外流"),
                t("Close the hole: take the interface or export off, revoke keys and sessions, isolate"
                  " the machine. Prefer isolating to switching off, so that memory is kept.",
                  "封堵缺口：关闭接口或导出，吊销密钥与会话，隔离主机。优先隔离而非关机，以保留内存。",
                  "封堵缺口：關閉介面或匯出，撤銷金鑰與工作階段，隔離主機。優先隔離而非關機，以保留記憶體。")),
         )),
    When("sure", t("Is it confirmed?", "是否确认？", "是否確認？"), "confirmed",
         (
             clocks(minutes=30),
             Both("work", t("At the same time", "同步进行", "同步進行"), (
                 (
                     Do("whose", "privacy_officer", 240,
                        t("Whose data, and what can be done with it", "评估涉及人员与危害", "評估涉及人員與危害"),
                        t("Kinds of data, levels, number of people, countries, minors. What harm can"
                          " follow: fraud, exposure, discrimination? Record number and harm.",
                          "数据种类、级别、人数、所在地区、是否涉及未成年人；可能的危害：诈骗、曝光、歧视。登记人数与危害。",
                          "資料種類、級別、人數、所在地區、是否涉及未成年人；可能的危害：詐騙、曝光、歧視。登記人數與危害。"),
                        ("people", "harm")),
                 ),
                 (
                     Do("guard", "fraud_analyst", 120,
                        t("Guard the accounts", "加强账户防护", "加強帳戶防護"),
                        t("Put the people concerned on the watch list, require step-up for what the"
                          " leaked data would allow, watch for calls in our name.",
                          "将涉及人员列入关注名单，对泄露数据可能促成的操作加强验证，关注冒名电话。",
                          "將涉及人員列入關注名單，對外洩資料可能促成的操作加強驗證，關注冒名電話。")),
                 ),
                 (statement(), service(60)),
             )),
             When("tell", t("May it harm people?", "是否可能造成危害？", "是否可能造成危害？"), "harm",
                  (
                      Do("letters", "privacy_officer", 1440,
                         t("Tell the people concerned", "告知个人", "告知當事人"),
                         t("Write plainly: what happened and when, which data, what we did, what they"
                           " can do, whom to reach. By a channel that was not leaked; log delivery. No"
                           " advertising in it.",
                           "用平实语言写明：何时发生何事、涉及哪些数据、我方措施、可采取的防护、联系方式。"
                           "使用未泄露的渠道发送并留存送达记录，不夹带营销。",
                           "用平實語言寫明：何時發生何事、涉及哪些資料、我方措施、可採取的防護、聯絡方式。"
                           "使用未外洩的管道發送並留存送達記錄，不夾帶行銷。")),
                  ),
                  (
                      Do("why_not", "privacy_officer", 480,
                         t("Write down why nobody is told", "记录不告知的理由", "記錄不告知的理由"),
                         t("Say which measure prevents harm (such as strong encryption with keys that"
                           " are safe) and have the compliance officer agree in writing.",
                           "说明何种措施可避免危害（如密钥安全的强加密），并取得合规负责人书面同意。",
                           "說明何種措施可避免危害（如金鑰安全的強加密），並取得法遵負責人書面同意。")),
                  )),
         ),
         (
             Do("close", "privacy_officer", 480,
                t("Close as not confirmed", "以未证实结案", "以未證實結案"),
                t("Write down what was examined, by whom and why it is held to be no leak. Keep the"
                  " evidence; look at it once more in a month.",
                  "记录核查内容、核查人及认定非泄露的理由。保留证据，一个月后复核。",
                  "記錄核查內容、核查人及認定非外洩的理由。保留證據，一個月後複核。")),
         )),
    review(),
)  # fmt: skip

RANSOM: Final = plan(
    "ransomware", "security", 95,
    t("Ransomware", "勒索软件", "勒索軟體"),
    t("When files or machines are encrypted, a note demands money, or tools that come before that are"
      " found: backups deleted, protection switched off, administrators nobody knows.",
      "文件或主机被加密、出现勒索信，或发现其前兆时使用：备份被删、防护被关、出现陌生管理员。",
      "檔案或主機被加密、出現勒索信，或發現其前兆時使用：備份被刪、防護被關、出現陌生管理員。"),
    (
        yes_no("spreading", t("It is still spreading", "仍在扩散", "仍在擴散")),
        yes_no("backup_good", t("There is a clean backup", "有干净的备份", "有乾淨的備份")),
        yes_no("taken", t("Data was taken, or is said to be", "数据已被窃或对方如此宣称", "資料已被竊或對方如此宣稱")),
        number("machines", t("Machines hit", "受影响主机数", "受影響主機數")),
    ),
    Tell("alert", "security_engineer",
         t("Call security on duty", "召集安全值班", "召集資安值班"),
         t("Ransomware is suspected. Meet by telephone, not by e-mail or chat: these may be read.",
           "疑似勒索软件。请用电话联络，勿用邮件或聊天：可能已被监视。",
           "疑似勒索軟體。請用電話聯絡，勿用郵件或聊天：可能已被監視。")),
    Do("isolate", "security_engineer", 15,
       t("Isolate, do not switch off", "隔离，不关机", "隔離，不關機"),
       t("Take machines hit off the network, cut links between sites and to backups, disable accounts"
         " that were used. Leave them running for memory. Photograph the note; do not touch it.",
         "将受害主机断网，切断站点间及与备份的连接，停用被利用的账号。保持开机以留存内存。拍摄勒索信，不要操作。",
         "將受害主機斷網，切斷站點間及與備份的連線，停用被利用的帳號。保持開機以留存記憶體。拍攝勒索信，不要操作。")),
    Do("extent", "security_engineer", 60,
       t("Find the extent", "查明范围", "查明範圍"),
       t("Which machines, which accounts, since when, by which way in; is it still spreading? Check"
         " backups on a machine apart. Look for large transfers out in the last weeks. Record all four.",
         "查明涉及主机、账号、起始时间、入侵途径，是否仍在扩散。在独立主机上检验备份。排查近数周的大量外传。四项均登记。",
         "查明涉及主機、帳號、起始時間、入侵途徑，是否仍在擴散。在獨立主機上檢驗備份。排查近數週的大量外傳。四項均登記。"),
       ("spreading", "backup_good", "taken", "machines")),
    When("spread", t("Still spreading?", "仍在扩散？", "仍在擴散？"), "spreading",
         (
             Do("cut", "operations", 30,
                t("Cut wider", "扩大隔离", "擴大隔離"),
                t("Close remote access, file shares and administration between zones; stop payments"
                  " cleanly if their systems are within reach. The risk owner is told before, not"
                  " asked.",
                  "关闭远程接入、文件共享和跨区管理；若支付系统在波及范围内，有序停用。先告知风险责任人，不待审批。",
                  "關閉遠端存取、檔案共用和跨區管理；若支付系統在波及範圍內，有序停用。先告知風險負責人，不待審批。")),
         )),
    Both("lead", t("Lead and tell", "指挥与通报", "指揮與通報"), (
        (
            Do("ransom", "risk_owner", 240,
               t("Decide on the demand", "决定如何应对勒索", "決定如何應對勒索"),
               t("Default: do not pay. With counsel: is paying lawful (sanctions), does a free key"
                 " exist, what does the insurer say? Nobody else speaks with the attacker.",
                 "原则上不付款。会同法务：付款是否合法（制裁）、有无公开解密工具、保险方意见。其他人不得与攻击者接触。",
                 "原則上不付款。會同法務：付款是否合法（制裁）、有無公開解密工具、保險方意見。其他人不得與攻擊者接觸。")),
            Do("police", "compliance_officer", 480,
               t("Go to the police", "报案", "報案"),
               t("Report with note, samples and addresses of payment; ask before machines are rebuilt.",
                 "携勒索信、样本和收款地址报案；重建主机前先征询。",
                 "攜勒索信、樣本和收款地址報案；重建主機前先徵詢。")),
        ),
        (clocks(minutes=30),),
        (statement(), service(60)),
    )),
    When("theft", t("Was data taken?", "数据是否被窃？", "資料是否被竊？"), "taken",
         (
             Do("leak", "privacy_officer", 120,
                t("Start the plan for data leaks", "启动数据泄露预案", "啟動資料外洩預案"),
                t("Treat it as a leak from the hour at which theft became likely, also where the"
                  " attacker promises to delete.",
                  "自可能被窃之时起按泄露处理，即使攻击者承诺删除。",
                  "自可能被竊之時起按外洩處理，即使攻擊者承諾刪除。")),
         )),
    When("restore", t("Is there a clean backup?", "有干净的备份吗？", "有乾淨的備份嗎？"), "backup_good",
         (
             Do("rebuild", "operations", 2880,
                t("Rebuild and restore", "重建并恢复", "重建並恢復"),
                t("Rebuild from clean images, patch the way in, restore data to before the first trace,"
                  " in the order of the business: sign-in, ledger, payments, the rest. Nothing returns"
                  " to the network unscanned.",
                  "用干净镜像重建，修补入侵途径，将数据恢复至最早痕迹之前，按业务次序：登录、账务、支付、其余。"
                  "未经检测不得接入网络。",
                  "用乾淨映像重建，修補入侵途徑，將資料恢復至最早痕跡之前，按業務次序：登入、帳務、支付、其餘。"
                  "未經檢測不得接入網路。")),
         ),
         (
             Do("rescue", "operations", 4320,
                t("Rescue what can be rescued", "抢救数据", "搶救資料"),
                t("Copy encrypted disks for a later key, rebuild records from logs, banks and paper,"
                  " reconcile balances with a second person before accounts are opened again.",
                  "备份加密磁盘以待日后解密，从日志、银行和纸质记录重建数据，双人对平余额后方可开放账户。",
                  "備份加密磁碟以待日後解密，從日誌、銀行和紙本記錄重建資料，雙人對平餘額後方可開放帳戶。")),
         )),
    Do("secrets", "security_engineer", 1440,
       t("Change every secret", "更换全部密钥", "更換全部密鑰"),
       t("Passwords of administrators, service accounts, keys, tickets of the directory (twice). Look"
         " for ways back in; watch more closely for a month.",
         "更换管理员密码、服务账号、密钥及目录票据（两次）。排查后门，一个月内加强监测。",
         "更換管理員密碼、服務帳號、金鑰及目錄票證（兩次）。排查後門，一個月內加強監測。")),
    review(),
)  # fmt: skip
